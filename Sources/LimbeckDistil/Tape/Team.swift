import CPlatform
import KernelInterface
import Limbeck

/// Threads and kernels of a run of training. Work is divided so that no two items share a sum; so it does not matter which thread
/// takes which, nor how many there are.
package final class Team {
    package typealias Body = Workers.Body

    package let kernels: Kernels
    package let gradients: GradientKernels
    private let workers: Workers
    private let scratch: Memory

    /// `scratchFloats`: the most that an item of any phase uses.
    package init(threads: Int, set: InstructionSet, scratchFloats: Int) throws(LimbeckError) {
        kernels = set.kernels
        gradients = set.gradientKernels
        let stride = scratchFloats.roundedUp(to: 16)
        scratch = try Memory(bytes: threads * stride * MemoryLayout<Float>.stride)
        workers = try Workers(
            count: threads, kernels: kernels, scratch: scratch.base.assumingMemoryBound(to: Float.self), scratchStride: stride,
            interruption: Interruption(nil))
    }

    package var threads: Int { workers.count }

    /// Runs items 0..<items; returns when all are done.
    package func each(_ items: Int, _ body: Body) {
        guard items > 0 else { return }
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { pointer in
                // Without a caller that interrupts it, a phase runs to its end.
                do throws(LimbeckError) { try workers.run(pointer, items: items) } catch {}
            }
        }
    }

    /// Pieces of 0..<count in items of `size`.
    package func each(_ count: Int, by size: Int, _ body: (Range<Int>) -> Void) {
        each(pieces(count, size)) { item, _ in body(cut(count, size, item)) }
    }
}
