/// A zip archive of uncompressed entries, as torch writes it: each is a view of the file.
///
/// The central directory is authoritative. Local headers have to agree with it, entries must not overlap, and the directory and the
/// file must end where they should, so two readers cannot see two archives. Checksums are not computed: the weights would be read
/// twice.
struct ZipArchive {
    struct Entry {
        let name: String
        let bytes: UnsafeRawBufferPointer
    }

    let entries: [Entry]
    private var names = NameTable()

    /// The bytes of an entry.
    subscript(name: String) -> UnsafeRawBufferPointer? { names[name].map { entries[$0].bytes } }

    /// A model of a thousand tensors has about 100 kB.
    private static let maxDirectoryBytes = 16 << 20

    init(_ bytes: UnsafeRawBufferPointer, file: __shared String) throws(LimbeckError) {
        let directory = try ZipDirectory(bytes, file: file)
        guard directory.range.count <= ZipArchive.maxDirectoryBytes else {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): a zip directory of \(directory.range.count) bytes, expected at most "
                    + "\(ZipArchive.maxDirectoryBytes)"
            )
        }
        var reader = ByteReader(
            UnsafeRawBufferPointer(rebasing: bytes[..<directory.range.upperBound]),
            at: directory.range.lowerBound)
        var records: [ZipRecord] = []
        for index in 0..<directory.count {
            guard let record = ZipRecord(&reader) else {
                throw LimbeckError(
                    .fileMalformed,
                    "\(file): entry \(index) of the zip directory's \(directory.count) is cut short"
                )
            }
            records.append(record)
        }
        guard reader.rest == 0 else {
            throw LimbeckError(
                .fileMalformed,
                "\(file): \(reader.rest) bytes after the last entry of the zip directory")
        }

        var entries: [Entry] = []
        entries.reserveCapacity(records.count)
        var parts: [SortKey] = []
        let contents = UnsafeRawBufferPointer(rebasing: bytes[..<directory.range.lowerBound])
        for (index, record) in records.enumerated() {
            guard let name = String(wellFormed: record.name) else {
                throw LimbeckError(
                    .fileMalformed, "\(file): the name of zip entry \(index) is not UTF-8")
            }
            guard names.insert(name) else {
                throw LimbeckError(
                    .fileMalformed, "\(file): duplicate zip entry '\(name)'")
            }
            let range = try record.range(contents, "\(file): zip entry '\(name)'")
            parts.append(SortKey(record.offset, range.upperBound, index: index))
            entries.append(
                Entry(name: name, bytes: UnsafeRawBufferPointer(rebasing: contents[range])))
        }
        SortKey.sort(&parts)
        for (left, right) in zip(parts, parts.dropFirst()) where left.second > right.first {
            throw LimbeckError(
                .fileMalformed,
                "\(file): the zip entries '\(entries[left.index].name)' and "
                    + "'\(entries[right.index].name)' overlap"
            )
        }
        self.entries = entries
    }
}

/// The position of the central directory, from the records at the end of the file.
private struct ZipDirectory {
    let range: Range<Int>
    let count: Int

    init(_ bytes: UnsafeRawBufferPointer, file: __shared String) throws(LimbeckError) {
        @inline(never) func malformed(_ message: __owned Message) -> LimbeckError {
            LimbeckError(.fileMalformed, "\(file): \(message)")
        }

        let end = bytes.count - 22
        var reader = ByteReader(bytes, at: end)
        guard end >= 0, reader.integer(UInt32.self) == 0x0605_4b50,
            let disk = reader.size(UInt16.self), let firstDisk = reader.size(UInt16.self),
            let here = reader.size(UInt16.self), let all = reader.size(UInt16.self),
            let size = reader.size(UInt32.self), let offset = reader.size(UInt32.self),
            let comment = reader.size(UInt16.self)
        else {
            throw malformed(
                "a zip archive without its end: the file is cut short, or something follows it")
        }
        guard disk == 0, firstDisk == 0, here == all, comment == 0 else {
            throw malformed("a zip archive in several parts or with a comment")
        }

        // The 64-bit form precedes it; torch always writes it.
        var locator = ByteReader(bytes, at: end - 20)
        guard end >= 20, locator.integer(UInt32.self) == 0x0706_4b50 else {
            (range, count) = (try ZipDirectory.range(offset, size, until: end, file), all)
            return
        }
        guard locator.integer(UInt32.self) == 0, let recordOffset = locator.size(UInt64.self),
            recordOffset < end - 20
        else {
            throw malformed("the zip64 locator points nowhere")
        }
        var record = ByteReader(
            UnsafeRawBufferPointer(rebasing: bytes[..<(end - 20)]), at: recordOffset)
        guard record.integer(UInt32.self) == 0x0606_4b50, let recordSize = record.size(UInt64.self),
            recordSize == record.rest, record.take(4) != nil, record.integer(UInt64.self) == 0,
            let here64 = record.size(UInt64.self), let all64 = record.size(UInt64.self),
            let size64 = record.size(UInt64.self), let offset64 = record.size(UInt64.self)
        else { throw malformed("the zip64 record is malformed") }
        func agrees(_ short: Int, _ long: Int, _ saturated: Int) -> Bool {
            short == long || short == saturated
        }
        guard here64 == all64, agrees(all, all64, 0xFFFF), agrees(size, size64, 0xFFFF_FFFF),
            agrees(offset, offset64, 0xFFFF_FFFF)
        else { throw malformed("the two ends of the zip archive contradict each other") }
        range = try ZipDirectory.range(offset64, size64, until: recordOffset, file)
        count = all64
    }

    private static func range(
        _ offset: Int, _ size: Int, until end: Int, _ file: String
    ) throws(LimbeckError) -> Range<Int> {
        guard offset <= end, size == end - offset else {
            throw LimbeckError(
                .fileMalformed,
                "\(file): a zip directory of \(size) bytes at \(offset), expected it to end at \(end)"
            )
        }
        return offset..<end
    }
}

/// An entry of the central directory, not yet checked against the local header.
private struct ZipRecord {
    let name: UnsafeRawBufferPointer
    let flags: UInt16
    let method: UInt16
    let compressed: Int
    let size: Int
    /// The offset of the local header.
    let offset: Int

    init?(_ reader: inout ByteReader) {
        guard reader.integer(UInt32.self) == 0x0201_4b50, reader.take(4) != nil,
            let flags = reader.integer(UInt16.self), let method = reader.integer(UInt16.self),
            reader.take(8) != nil, let compressed = reader.size(UInt32.self),
            let size = reader.size(UInt32.self), let nameCount = reader.size(UInt16.self),
            let extraCount = reader.size(UInt16.self), let commentCount = reader.size(UInt16.self),
            reader.take(8) != nil, let offset = reader.size(UInt32.self),
            let name = reader.take(nameCount), let extra = reader.take(extraCount),
            reader.take(commentCount) != nil
        else { return nil }
        var numbers = [size, compressed, offset]
        if numbers.contains(0xFFFF_FFFF), var long = ZipRecord.long(extra) {
            // Only the numbers that did not fit are present, in this order.
            for index in numbers.indices where numbers[index] == 0xFFFF_FFFF {
                guard let number = long.size(UInt64.self) else { return nil }
                numbers[index] = number
            }
        }
        (self.name, self.flags, self.method) = (name, flags, method)
        (self.size, self.compressed, self.offset) = (numbers[0], numbers[1], numbers[2])
    }

    /// The extra field with 64-bit sizes.
    private static func long(_ extra: UnsafeRawBufferPointer) -> ByteReader? {
        var reader = ByteReader(extra)
        while let id = reader.integer(UInt16.self), let count = reader.size(UInt16.self),
            let field = reader.take(count)
        {
            if id == 1 { return ByteReader(field) }
        }
        return nil
    }

    /// The entry's bytes, after its local header.
    func range(
        _ contents: UnsafeRawBufferPointer, _ what: String
    ) throws(LimbeckError) -> Range<Int> {
        guard flags & 0x2041 == 0 else {
            throw LimbeckError(.fileUnsupported, "\(what) is encrypted")
        }
        guard method == 0 else {
            throw LimbeckError(
                .fileUnsupported,
                "\(what) is compressed by method \(method), expected it stored as it is")
        }
        guard compressed == size else {
            throw LimbeckError(
                .fileMalformed,
                "\(what) has \(compressed) bytes for \(size), though it is stored as it is")
        }
        var reader = ByteReader(contents, at: offset)
        guard offset < contents.count, reader.integer(UInt32.self) == 0x0403_4b50,
            reader.take(2) != nil, let localFlags = reader.integer(UInt16.self),
            let localMethod = reader.integer(UInt16.self), reader.take(8) != nil,
            let localCompressed = reader.size(UInt32.self),
            let localSize = reader.size(UInt32.self),
            let nameCount = reader.size(UInt16.self), let extraCount = reader.size(UInt16.self),
            let localName = reader.take(nameCount), reader.take(extraCount) != nil
        else { throw LimbeckError(.fileMalformed, "\(what) has no header at byte \(offset)") }
        // With flag bit 3 the sizes follow the data, and the header has zeros.
        let follow = flags & 8 != 0
        func agrees(_ local: Int) -> Bool {
            local == size || local == 0xFFFF_FFFF || follow && local == 0
        }
        guard localFlags == flags, localMethod == method, localName.elementsEqual(name),
            agrees(localSize), agrees(localCompressed)
        else {
            throw LimbeckError(
                .fileMalformed, "\(what) has a header that contradicts the zip directory")
        }
        guard let bytes = reader.take(size) else {
            throw LimbeckError(
                .fileMalformed,
                "\(what) has \(size) bytes from \(reader.position), of which there are \(reader.rest)"
            )
        }
        return reader.position - bytes.count..<reader.position
    }
}
