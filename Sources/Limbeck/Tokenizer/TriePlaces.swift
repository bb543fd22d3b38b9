/// Builds the double array of `ByteTrie`: finds a base for every node such that the units of all its children are free.
///
/// To place a node, the candidates are the bases that put its first child on a free unit; the first at which all children are on
/// free units is taken. If none fits, a block of 256 units is added. Only units of the newest `openBlocks` blocks are candidates,
/// so a search takes bounded time, and units in older blocks stay unused.
///
/// The order of placement decides which nodes share cache lines. In vocabularies of all kinds, a smaller id means a more frequent
/// token. So nodes are placed in order of the smallest id below them, by its number of bits, and breadth first among equals: nodes
/// that many words pass lie together.
///
/// A model opens in a few milliseconds, and a vocabulary has 100,000 nodes: hence raw memory and the bounded search.
struct TriePlaces: ~Copyable {
    private(set) var units: UnsafeMutablePointer<ByteTrie.Unit>
    private(set) var values: UnsafeMutablePointer<Int32>
    private(set) var count = 0

    /// The free units as a circular doubly linked list. Only those of the newest blocks are in it, which bounds the search.
    private var nextFree: UnsafeMutablePointer<UInt32>
    private var previousFree: UnsafeMutablePointer<UInt32>
    private var firstFree = ByteTrie.nobody
    private var capacity = 0
    private static let openBlocks = 8

    private struct Entry {
        /// The first eight bytes as a big-endian number, for fast comparison.
        let head: UInt64
        let key: ByteTrie.Key
        let order: Int
    }

    /// A node whose children are still to be placed: the range of entries below it.
    private struct Task {
        let node: UInt32
        let first: Int
        let last: Int
        let depth: Int
    }

    private let bytes: UnsafeRawBufferPointer
    /// The children of the node that is being placed: their bytes, their first entries, and the smallest value below each.
    private var labels: [UInt8] = []
    private var starts: [Int] = []
    private var least: [Int32] = []
    /// The nodes to place, by the bit width of the smallest value below them. A child's smallest value is at least its parent's, so
    /// one pass over the widths suffices.
    private var tasks = [[Task]](repeating: [], count: 33)

    init(_ keys: [ByteTrie.Key], bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        units = .allocate(capacity: 0)
        values = .allocate(capacity: 0)
        nextFree = .allocate(capacity: 0)
        previousFree = .allocate(capacity: 0)
        let entries = TriePlaces.sorted(keys, bytes)
        reserve(entries.count * 4)
        addBlock()
        take(ByteTrie.root, parent: ByteTrie.nobody)
        tasks[0].append(Task(node: ByteTrie.root, first: 0, last: entries.count, depth: 0))
        for bits in tasks.indices {
            var done = 0
            while done < tasks[bits].count {
                place(tasks[bits][done], entries)
                done += 1
            }
            tasks[bits] = []
        }
    }

    deinit {
        units.deallocate()
        values.deallocate()
        nextFree.deallocate()
        previousFree.deallocate()
    }

    @_optimize(speed)
    private static func sorted(_ keys: [ByteTrie.Key], _ bytes: UnsafeRawBufferPointer) -> [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(keys.count)
        for (order, key) in keys.enumerated() {
            var head: UInt64 = 0
            for index in 0..<min(8, Int(key.count)) {
                head |= UInt64(bytes[Int(key.start) + index]) << UInt64(56 - 8 * index)
            }
            entries.append(Entry(head: head, key: key, order: order))
        }
        entries.sort { left, right in
            left.head != right.head ? left.head < right.head : isLess(left, right, bytes)
        }
        return entries
    }

    private static func isLess(_ left: Entry, _ right: Entry, _ bytes: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<min(left.key.count, right.key.count) {
            let a = bytes[Int(left.key.start + index)]
            let b = bytes[Int(right.key.start + index)]
            if a != b { return a < b }
        }
        return left.key.count != right.key.count ? left.key.count < right.key.count : left.order < right.order
    }

    @_optimize(speed)
    private mutating func place(_ task: Task, _ entries: [Entry]) {
        values[Int(task.node)] = Int32(truncatingIfNeeded: -task.depth)
        var first = task.first
        while first < task.last, entries[first].key.count == task.depth {
            units[Int(task.node)].link |= 1
            values[Int(task.node)] = entries[first].key.value
            first += 1
        }
        guard first < task.last else { return }

        labels.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        least.removeAll(keepingCapacity: true)
        for index in first..<task.last {
            let label = bytes[Int(entries[index].key.start) + task.depth]
            if labels.last != label {
                labels.append(label)
                starts.append(index)
                least.append(.max)
            }
            least[least.count - 1] = min(least[least.count - 1], entries[index].key.value)
        }
        starts.append(task.last)
        let base = findBase()
        units[Int(task.node)].link |= base << 1
        for index in labels.indices {
            let child = base ^ UInt32(labels[index])
            take(child, parent: task.node)
            let bits = Int32.bitWidth - least[index].leadingZeroBitCount
            tasks[bits].append(Task(node: child, first: starts[index], last: starts[index + 1], depth: task.depth + 1))
        }
    }

    /// A base at which the units of all labels are free.
    @_optimize(speed)
    private mutating func findBase() -> UInt32 {
        if firstFree != ByteTrie.nobody {
            var candidate = firstFree
            repeat {
                let base = candidate ^ UInt32(labels[0])
                if fits(base) { return base }
                candidate = nextFree[Int(candidate)]
            } while candidate != firstFree
        }
        let base = UInt32(count)
        addBlock()
        return base
    }

    private func fits(_ base: UInt32) -> Bool {
        for label in labels where !isFree(base ^ UInt32(label)) { return false }
        return true
    }

    private func isFree(_ unit: UInt32) -> Bool { nextFree[Int(unit)] != ByteTrie.nobody }

    private mutating func addBlock() {
        let start = count
        if start + 256 > capacity { reserve(max(start + 256, 2 * capacity)) }
        count = start + 256
        for unit in UInt32(start)..<UInt32(start + 256) {
            units[Int(unit)] = ByteTrie.Unit(link: 0, parent: ByteTrie.nobody)
            values[Int(unit)] = -1
            nextFree[Int(unit)] = unit
            previousFree[Int(unit)] = unit
            guard firstFree != ByteTrie.nobody else {
                firstFree = unit
                continue
            }
            let last = previousFree[Int(firstFree)]
            nextFree[Int(last)] = unit
            previousFree[Int(unit)] = last
            nextFree[Int(unit)] = firstFree
            previousFree[Int(firstFree)] = unit
        }
        let old = start - 256 * TriePlaces.openBlocks
        guard old >= 0 else { return }
        for unit in UInt32(old)..<UInt32(old + 256) where isFree(unit) { close(unit) }
    }

    private mutating func reserve(_ wanted: Int) {
        let count = count
        func grow<Value>(_ old: UnsafeMutablePointer<Value>) -> UnsafeMutablePointer<Value> {
            let new = UnsafeMutablePointer<Value>.allocate(capacity: wanted)
            new.moveInitialize(from: old, count: count)
            old.deallocate()
            return new
        }
        units = grow(units)
        values = grow(values)
        nextFree = grow(nextFree)
        previousFree = grow(previousFree)
        capacity = wanted
    }

    private mutating func take(_ unit: UInt32, parent: UInt32) {
        close(unit)
        units[Int(unit)].parent = parent
    }

    private mutating func close(_ unit: UInt32) {
        let next = nextFree[Int(unit)]
        let previous = previousFree[Int(unit)]
        nextFree[Int(previous)] = next
        previousFree[Int(next)] = previous
        if firstFree == unit { firstFree = next == unit ? ByteTrie.nobody : next }
        nextFree[Int(unit)] = ByteTrie.nobody
    }
}
