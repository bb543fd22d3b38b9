import CPlatform

/// Polls the caller, on the thread of the call, to learn whether the call should go on. A call without an interruption callback has
/// no cost.
package final class Interruption {
    private let asks: (() -> Bool)?
    let isPossible: Bool
    /// When to poll next, in milliseconds.
    private var due: UInt64 = 0

    private static let interval: UInt64 = 30

    /// `asks` returns true to end the call.
    package init(_ asks: (() -> Bool)?) { (self.asks, isPossible) = (asks, asks != nil) }

    /// A call begins. A call shorter than the interval is never polled.
    func begin() {
        if isPossible { due = platform_milliseconds() + Interruption.interval }
    }

    /// Throws if the caller ends the call. For code that a call passes every few milliseconds.
    @inline(__always) func check() throws(LimbeckError) {
        if isPossible, platform_milliseconds() >= due { try ask() }
    }

    @inline(never) private func ask() throws(LimbeckError) {
        let process = platform_process()
        let ends = asks?() ?? false
        // If the callback forked, the child has no workers that could go on with this call.
        if ends || platform_process() != process { throw LimbeckError(.interrupted, "the caller ended the call") }
        begin()
    }
}
