/// The index of weights in several files: `weight_map` says for each tensor which file it is in.
struct ShardIndex {
    let file: String
    /// Names of the files, in the order they are first named.
    private(set) var shards: [String] = []
    private var places: [String: Int] = [:]

    /// Large models have some dozens.
    private static let mostShards = 4096

    init(_ root: JSONValue) throws(LimbeckError) {
        file = root.document.file
        guard let map = root.optional("weight_map") else {
            throw LimbeckError(.fileMalformed, "\(file): no 'weight_map'")
        }
        guard map.kind == .object, map.count > 0 else {
            throw map.mismatch("'weight_map'", expected: "an object with at least one tensor")
        }
        var numbers: [String: Int] = [:]
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
                guard number < ShardIndex.mostShards else {
                    throw LimbeckError(
                        .fileUnsupported, "\(file): more than \(ShardIndex.mostShards) files")
                }
                numbers[shard] = number
                shards.append(shard)
            }
            guard places.updateValue(number, forKey: name) == nil else {
                throw LimbeckError(.fileMalformed, "\(file): the name '\(name)' is there twice")
            }
        }
    }

    /// Each tensor has to be in the file that is named for it, and nowhere else.
    func check(_ tensors: [[StoredTensor]]) throws(LimbeckError) {
        var found: Set<String> = []
        found.reserveCapacity(places.count)
        for (number, shard) in shards.enumerated() where number < tensors.count {
            for tensor in tensors[number] {
                guard let place = places[tensor.name] else {
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
                found.insert(tensor.name)
            }
        }
        guard found.count < places.count else { return }
        for (name, place) in places where !found.contains(name) {
            throw LimbeckError(
                .fileInconsistent,
                "\(file) has tensor '\(name)' in '\(shards[place])', but it is not there")
        }
    }
}
