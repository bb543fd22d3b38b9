/// The calls that a pickle of tensors makes. Each is interpreted as a value; no code is looked up, and none is run.
extension PickleReader {
    func global(_ module: UnsafeRawBufferPointer, _ name: UnsafeRawBufferPointer)
        throws(LimbeckError) -> Pickle.Value
    {
        guard let global = Pickle.Global(module: module, name: name) else {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): '\(String(excerpt: module)).\(String(excerpt: name))' is not allowed: "
                    + "only tensors and plain containers are read, and nothing is run")
        }
        return .global(global)
    }

    mutating func call(_ function: Pickle.Value, _ arguments: Pickle.Value) throws(LimbeckError)
        -> Pickle.Value
    {
        guard case .global(let global) = function, case .tuple(let tuple) = arguments else {
            throw malformed("\(function.kind) is called with \(arguments.kind)")
        }
        let arguments = pickle.tuples[tuple]
        switch global {
        case .orderedDict:
            guard arguments.isEmpty else {
                throw malformed("an OrderedDict with \(arguments.count) arguments, expected none")
            }
            return newDict()
        case .rebuildTensor:
            guard arguments.count == 4 else {
                throw malformed("_rebuild_tensor with \(arguments.count) arguments, expected 4")
            }
            return try tensor(arguments)
        case .rebuildTensorV2:
            guard 6...7 ~= arguments.count else {
                throw malformed(
                    "_rebuild_tensor_v2 with \(arguments.count) arguments, expected 6 or 7")
            }
            return try tensor(arguments)
        case .rebuildParameter:
            guard arguments.count == 3, case .tensor = arguments[0] else {
                throw malformed("_rebuild_parameter without a tensor and 2 more arguments")
            }
            return arguments[0]
        case .storage:
            throw malformed("a storage is called")
        }
    }

    /// Arguments: the storage, the offset of the first element, the shape and the strides. Whether there is a gradient does not
    /// matter.
    private mutating func tensor(_ arguments: [Pickle.Value]) throws(LimbeckError) -> Pickle.Value {
        guard case .storage(let storage) = arguments[0] else {
            throw malformed("a tensor of \(arguments[0].kind), expected a storage")
        }
        guard case .int(let offset) = arguments[1], offset >= 0 else {
            throw malformed("a tensor without an offset from 0")
        }
        guard let shape = sizes(arguments[2]) else {
            throw malformed("a tensor without a shape of at most 64 integers from 0")
        }
        guard let strides = sizes(arguments[3]) else {
            throw malformed("a tensor without strides of at most 64 integers from 0")
        }
        guard shape.count == strides.count else {
            throw malformed("a tensor of shape \(describe(shape)) with \(strides.count) strides")
        }
        pickle.views.append(
            Pickle.View(storage: storage, offset: offset, shape: shape, strides: strides))
        return .tensor(pickle.views.count - 1)
    }

    private func sizes(_ value: Pickle.Value) -> [Int]? {
        // A tuple may be used many times: without a bound, each use would copy it.
        guard case .tuple(let tuple) = value, pickle.tuples[tuple].count <= 64 else { return nil }
        var sizes: [Int] = []
        for element in pickle.tuples[tuple] {
            guard case .int(let size) = element, size >= 0 else { return nil }
            sizes.append(size)
        }
        return sizes
    }

    /// A storage, which the pickle refers to but does not contain: ("storage", type, key, location, count), and before torch 1.6 a
    /// view.
    mutating func persistent(_ id: Pickle.Value) throws(LimbeckError) -> Pickle.Value {
        guard case .tuple(let tuple) = id else {
            throw malformed("\(id.kind) for a storage, expected a tuple")
        }
        let parts = pickle.tuples[tuple]
        guard 5...6 ~= parts.count, case .text(let what) = parts[0],
            "storage".hasSameBytes(as: what)
        else {
            throw malformed("a tuple of \(parts.count) that is not a storage")
        }
        guard case .global(.storage(let type)) = parts[1] else {
            throw malformed("a storage of \(parts[1].kind), expected a type")
        }
        guard case .text(let bytes) = parts[2], bytes.count <= 256,
            let key = String(wellFormed: bytes)
        else {
            throw malformed("a storage without a name of at most 256 bytes in UTF-8")
        }
        guard case .int(let count) = parts[4], count >= 0 else {
            throw malformed("storage '\(key)' without a size from 0")
        }
        if parts.count == 6 {
            guard case .none = parts[5] else {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(file): storage '\(key)' is a view of another, which is not supported")
            }
        }
        if let number = storageNumbers[key] {
            let known = pickle.storages[number]
            guard known.type == type, known.count == count else {
                throw malformed(
                    "storage '\(key)' is \(count) of \(type.dtype), but was "
                        + "\(known.count) of \(known.type.dtype) before"
                )
            }
            return .storage(number)
        }
        let number = pickle.storages.count
        storageNumbers.set(key, number)
        pickle.storages.append(Pickle.Storage(key: key, type: type, count: count))
        return .storage(number)
    }
}
