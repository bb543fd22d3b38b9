/// The index of weights in several files (shards): `weight_map` names the file of each tensor.
struct ShardIndex {
    let file: String
    /// File names, in order of first occurrence.
    private(set) var shards: [String] = []
    private var tensors: [(name: String, shard: Int)] = []
    private var places = NameTable()

    /// Large models have a few dozen.
    private static let maxShards = 4096

    init(_ root: __shared JSONValue) throws(LimbeckError) {
        file = root.document.file
        guard let map = root.optional("weight_map") else {
            throw LimbeckError(.fileMalformed, "\(file): no 'weight_map'")
        }
        guard map.kind == .object, map.count > 0 else {
            throw map.mismatch("'weight_map'", expected: "an object with at least one tensor")
        }
        var numbers = NameTable()
        places.reserveCapacity(map.count)
        for (key, value) in map.members {
            let name = key.string
            guard let shard = value.string else {
                throw value.mismatch("the file of '\(name)'", expected: "a string")
            }
            guard !leadsOut(shard), !shard.isEmpty else {
                throw LimbeckError(
                    .fileMalformed, "\(file): the path '\(shard)' leads out of the model folder")
            }
            let number = numbers[shard] ?? shards.count
            if number == shards.count {
                guard number < ShardIndex.maxShards else {
                    throw LimbeckError(
                        .fileUnsupported, "\(file): more than \(ShardIndex.maxShards) files")
                }
                numbers.set(shard, number)
                shards.append(shard)
            }
            tensors.append((name, number))
            guard places.insert(name) else {
                throw LimbeckError(.fileMalformed, "\(file): duplicate name '\(name)'")
            }
        }
    }

    /// Each tensor must be in the file that the index names for it, and in no other.
    func check(_ shardTensors: [[StoredTensor]]) throws(LimbeckError) {
        var found = NameTable()
        found.reserveCapacity(places.count)
        for (number, shard) in shards.enumerated() where number < shardTensors.count {
            for tensor in shardTensors[number] {
                guard let place = places[tensor.name].map({ tensors[$0].shard }) else {
                    throw LimbeckError(
                        .fileInconsistent,
                        "\(file) does not name tensor '\(tensor.name)', which is in '\(shard)'")
                }
                guard place == number else {
                    throw LimbeckError(
                        .fileInconsistent,
                        "\(file) has tensor '\(tensor.name)' in '\(shards[place])', but it is also in "
                            + "'\(shard)', or only there"
                    )
                }
                _ = found.insert(tensor.name)
            }
        }
        guard found.count < places.count else { return }
        for (name, place) in tensors where found[name] == nil {
            throw LimbeckError(
                .fileInconsistent,
                "\(file) has tensor '\(name)' in '\(shards[place])', but it is not there")
        }
    }
}
