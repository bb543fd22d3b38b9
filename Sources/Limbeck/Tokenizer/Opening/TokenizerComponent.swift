/// A component of a tokenizer.json, or a part of one: a JSON value and its name in messages. Its readers are not inlined, since
/// they are called from hundreds of places; it is an object, so that each caller releases a single reference.
final class TokenizerComponent {
    let file: String
    let key: String
    let value: JSONValue

    /// The component `key` of `owner`; nil if it is missing or null.
    @inline(never) convenience init?(_ key: String, of owner: JSONValue, file: String) {
        guard let value = owner[key], !value.isNull else { return nil }
        self.init(key, value, file: file)
    }

    @inline(never) init(_ key: String, _ value: JSONValue, file: String) {
        (self.file, self.key, self.value) = (file, key, value)
    }

    /// Its type, after checking its other members against `ComponentKeys`.
    @inline(never) func type() throws(LimbeckError) -> String {
        let type = try string("type")
        try ComponentKeys.check(self, type: type)
        return type
    }

    @inline(never) func member(_ name: String) throws(LimbeckError) -> JSONValue {
        guard let found = value[name] else { throw LimbeckError(.fileMalformed, "\(file): \(key) has no \"\(name)\"") }
        return found
    }

    @inline(never) func string(_ name: String) throws(LimbeckError) -> String {
        guard let text = try member(name).string else { throw malformed(name, "a string") }
        return text
    }

    /// A string that may be missing or null.
    @inline(never) func optionalString(_ name: String) throws(LimbeckError) -> String? {
        guard let found = value[name], !found.isNull else { return nil }
        guard let text = found.string else { throw malformed(name, "a string") }
        return text
    }

    /// A boolean that may be missing or null.
    @inline(never) func flag(_ name: String) throws(LimbeckError) -> Bool? {
        guard let found = value[name], !found.isNull else { return nil }
        guard let flag = found.bool else { throw malformed(name, "true or false") }
        return flag
    }

    @inline(never) func requiredFlag(_ name: String) throws(LimbeckError) -> Bool {
        guard let flag = try flag(name) else { throw LimbeckError(.fileMalformed, "\(file): \(key) has no \"\(name)\"") }
        return flag
    }

    /// The components of an array.
    @inline(never) func elements(_ name: String) throws(LimbeckError) -> [TokenizerComponent] {
        let list = try member(name)
        guard list.kind == .array else { throw malformed(name, "an array") }
        return list.elements.map { TokenizerComponent("\(key).\(name)", $0, file: file) }
    }

    /// The error that the value is not what is expected.
    @inline(never) func malformed(_ expected: __owned Message) -> LimbeckError {
        LimbeckError(.fileMalformed, "\(file): \(key) is not \(expected)")
    }

    /// The error that a member is not what is expected.
    @inline(never) func malformed(_ name: String, _ expected: __owned Message) -> LimbeckError {
        LimbeckError(.fileMalformed, "\(file): \(key).\(name) is not \(expected)")
    }

    /// The error that the type of this component is not supported.
    @inline(never) func unsupported(_ type: String) -> LimbeckError {
        LimbeckError(.fileUnsupported, "\(file): the \(key) \"\(type)\" is not supported")
    }

    /// The error that a member is not supported.
    @inline(never) func unsupported(member name: String) -> LimbeckError {
        LimbeckError(.fileUnsupported, "\(file): \(key).\(name) is not supported")
    }

    /// Ids beyond any real vocabulary would make tables very large.
    @inline(never) func check(id: Int, _ name: String = "") throws(LimbeckError) {
        guard id >= 0, id < Vocabulary.maximumCount else {
            let place = name.utf8.isEmpty ? key : "\(key).\(name)"
            throw LimbeckError(
                .fileUnsupported, "\(file): \(place) has the id \(id); ids from 0 to \(Vocabulary.maximumCount - 1) are supported")
        }
    }
}
