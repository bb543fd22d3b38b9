import CPlatform
import KernelInterface
import Synchronization

/// A session's threads. A phase of work is cut into items; the caller's thread and the workers take items from a shared counter
/// until there are none, and the phase ends when all have. Items never share a sum, so who takes which does not matter.
///
/// Workers spin for a moment after a phase, because the next one follows within microseconds, and then sleep.
final class Workers {
    /// The caller's thread included.
    let count: Int
    let kernels: Kernels

    /// Of each worker, (count, scratchStride).
    private let scratch: UnsafeMutablePointer<Float>
    private let scratchStride: Int

    private let phase = Atomic<Int>(0)
    private let next = Atomic<Int>(0)
    private let busy = Atomic<Int>(0)
    private let sleeping = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private let started = Atomic<Int>(1)
    private var work = Work.none
    private var items = 0
    private let monitor: OpaquePointer?
    private var threads: [OpaquePointer] = []

    /// `scratch` must outlive the workers.
    init(count: Int, kernels: Kernels, scratch: UnsafeMutablePointer<Float>, scratchStride: Int) throws(LimbeckError) {
        self.count = count
        self.kernels = kernels
        self.scratch = scratch
        self.scratchStride = scratchStride
        guard count > 1 else {
            monitor = nil
            return
        }
        monitor = platform_monitor_new()
        guard monitor != nil else { throw LimbeckError(.outOfMemory, "no memory for a session's threads") }
        threads.reserveCapacity(count - 1)
        for _ in 1..<count {
            // Not retained, not even while it serves: `deinit` joins the threads, so it must be able to run.
            let thread = platform_thread_start(
                { Unmanaged<Workers>.fromOpaque($0!)._withUnsafeGuaranteedRef { $0.serve() } },
                Unmanaged.passUnretained(self).toOpaque())
            guard let thread else {
                throw LimbeckError(.threadsUnavailable, "thread \(threads.count + 2) of \(count) could not be started")
            }
            threads.append(thread)
        }
    }

    deinit {
        stop()
        platform_monitor_free(monitor)
    }

    /// Runs items 0..<items of `work` and returns when all are done.
    @inline(never) func run(_ work: Work, items: Int) {
        guard count > 1, items > 1 else {
            for item in 0..<items { work.run(item, kernels: kernels, scratch: scratch) }
            return
        }
        self.work = work
        self.items = items
        next.store(0, ordering: .relaxed)
        busy.store(count - 1, ordering: .relaxed)
        phase.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if sleeping.load(ordering: .sequentiallyConsistent) > 0 { wake() }
        takeItems(worker: 0)
        var spins = 0
        while busy.load(ordering: .acquiring) > 0 { pause(&spins) }
    }

    private func takeItems(worker: Int) {
        let scratch = self.scratch + worker * scratchStride
        while true {
            let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
            if item >= items { return }
            work.run(item, kernels: kernels, scratch: scratch)
        }
    }

    private func serve() {
        let worker = started.wrappingAdd(1, ordering: .relaxed).oldValue
        var seen = 0
        while true {
            var spins = 0
            while phase.load(ordering: .acquiring) == seen {
                if spins < 20_000 { pause(&spins) } else { sleep(until: seen) }
            }
            seen += 1
            if stopping.load(ordering: .acquiring) { return }
            takeItems(worker: worker)
            busy.wrappingSubtract(1, ordering: .releasing)
        }
    }

    private func sleep(until seen: Int) {
        platform_monitor_lock(monitor)
        sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while phase.load(ordering: .sequentiallyConsistent) == seen { platform_monitor_wait(monitor) }
        sleeping.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        platform_monitor_unlock(monitor)
    }

    private func wake() {
        platform_monitor_lock(monitor)
        platform_monitor_wake_all(monitor)
        platform_monitor_unlock(monitor)
    }

    private func stop() {
        guard !threads.isEmpty else { return }
        stopping.store(true, ordering: .releasing)
        phase.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wake()
        for thread in threads { platform_thread_join(thread) }
        threads = []
    }
}
