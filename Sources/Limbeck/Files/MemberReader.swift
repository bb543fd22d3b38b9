/// Reads members of an object. The first error is kept until `check`: calls that do not throw need a third of the code. Until then
/// a wrong member reads as missing.
final class MemberReader {
    let root: JSONValue
    private var error: LimbeckError?

    init(_ root: JSONValue) { self.root = root }

    @inline(never) func check() throws(LimbeckError) {
        if let error { throw error }
    }

    @inline(never) func fail(_ found: LimbeckError) { error = error ?? found }

    @inline(never) func fail(_ status: LimbeckError.Status, _ message: __owned Message) {
        fail(LimbeckError(status, "\(root.document.file): \(message)"))
    }

    @inline(never) func unsupported(_ key: String, _ name: String) { fail(.fileUnsupported, "\(key) '\(name)' is not supported") }

    @inline(never) func string(_ key: String) -> String? {
        do throws(LimbeckError) { return try root.optionalString(key) } catch { fail(error) }
        return nil
    }

    @inline(never) func bool(_ key: String) -> Bool? {
        do throws(LimbeckError) { return try root.optionalBool(key) } catch { fail(error) }
        return nil
    }

    @inline(never) func size(_ key: String) -> Int? {
        do throws(LimbeckError) { return try root.optionalSize(key) } catch { fail(error) }
        return nil
    }

    /// The index of the member's value in a list of words; nil if the member is missing or the word unknown.
    @inline(never) func choice(_ key: String, _ names: StaticString) -> Int? {
        guard let name = string(key) else { return nil }
        let found = place(of: name, in: names)
        if found == nil { unsupported(key, name) }
        return found
    }
}
