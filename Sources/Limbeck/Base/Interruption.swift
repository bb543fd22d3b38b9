import CPlatform

/// Asks the caller now and then, on its own thread, whether a call is to go on. A call in which nobody is to be asked pays nothing.
package final class Interruption {
    private let asks: (() -> Bool)?
    let isPossible: Bool
    /// When to ask again, in milliseconds.
    private var due: UInt64 = 0

    private static let interval: UInt64 = 30

    /// `asks` answers true to end the call.
    init(_ asks: (() -> Bool)?) { (self.asks, isPossible) = (asks, asks != nil) }

    /// A call begins: one that is short is not asked about at all.
    func begin() {
        if isPossible { due = platform_milliseconds() + Interruption.interval }
    }

    /// Throws if the caller wants its thread back. For places that a call passes every few milliseconds.
    @inline(__always) func check() throws(LimbeckError) {
        if isPossible, platform_milliseconds() >= due { try ask() }
    }

    @inline(never) private func ask() throws(LimbeckError) {
        let process = platform_process()
        let ends = asks?() ?? false
        // Of a fork() in there, the child has no workers that would go on with this call.
        if ends || platform_process() != process { throw LimbeckError(.interrupted, "the caller ended the call") }
        begin()
    }
}
