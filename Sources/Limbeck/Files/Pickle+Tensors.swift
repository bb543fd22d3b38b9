/// Finds the tensors of a weight file among the values of a pickle.
extension Pickle {
    func rootMember(_ name: String) -> Value? {
        guard case .dict(let dict) = root else { return nil }
        for (key, value) in dicts[dict] {
            if case .text(let text) = key, name.hasSameBytes(as: text) { return value }
        }
        return nil
    }

    /// The weights: the outermost dict if it has tensors, or the only dict inside it that has.
    func dictOfTensors(_ file: String) throws(LimbeckError) -> [Member] {
        guard case .dict(let outer) = root else {
            throw LimbeckError(
                .fileUnsupported, "\(file): \(root.kind), expected a dict of tensors")
        }
        if hasTensors(outer) { return dicts[outer] }
        var found: (dict: Int, name: String)?
        var seen = [Bool](repeating: false, count: dicts.count)
        for (key, value) in dicts[outer] {
            guard case .dict(let dict) = value, !seen[dict] else { continue }
            seen[dict] = true
            guard hasTensors(dict) else { continue }
            var name = key.kind
            if case .text(let text) = key { name = "'\(String(excerpt: text))'" }
            if let found {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(file): \(found.name) and \(name) both have tensors, expected one dict")
            }
            found = (dict, name)
        }
        guard let found else {
            throw LimbeckError(
                .fileUnsupported, "\(file): no tensors in the dict, nor in the dicts in it")
        }
        return dicts[found.dict]
    }

    private func hasTensors(_ dict: Int) -> Bool {
        for (_, value) in dicts[dict] {
            if case .tensor = value { return true }
        }
        return false
    }
}

extension Pickle.View {
    /// The view as a tensor, checked to stay inside its storage, and its number of elements.
    func tensor(
        _ name: String, _ storage: Pickle.Storage, _ bytes: UnsafeRawBufferPointer, _ file: String
    ) throws(LimbeckError) -> (stored: StoredTensor, count: Int) {
        var count = 1
        var last = offset
        var isRowMajor = true
        var isTooLarge = false
        for index in (0..<min(shape.count, strides.count)).reversed() {
            let (size, stride) = (shape[index], strides[index])
            // A dimension of size 1 has no use for its stride.
            if size > 1 {
                isRowMajor = isRowMajor && stride == count
                let (distance, overflow) = stride.multipliedReportingOverflow(by: size - 1)
                let (sum, sumOverflow) = last.addingReportingOverflow(distance)
                isTooLarge = isTooLarge || overflow || sumOverflow
                last = sum
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            isTooLarge = isTooLarge || overflow
            count = product
        }
        // With repeated elements, by a stride of 0 say, there may be more of them than the storage has.
        guard !isTooLarge, count <= storage.count,
            count == 0 ? offset <= storage.count : last < storage.count
        else {
            throw LimbeckError(
                .fileMalformed,
                "\(file): tensor '\(name)' of shape \(describe(shape)), strides \(describe(strides)) "
                    + "and offset \(offset) is not inside its storage '\(storage.key)' of "
                    + "\(storage.count) elements")
        }
        let end = count == 0 ? offset : last + 1
        let size = storage.type.size
        return (
            StoredTensor(
                file: file, name: name, dtype: storage.type.dtype, shape: shape,
                strides: count == 0 || isRowMajor ? nil : strides,
                bytes: UnsafeRawBufferPointer(rebasing: bytes[offset * size..<end * size])), count
        )
    }
}
