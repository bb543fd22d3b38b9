import CPlatform
import KernelInterface
import Synchronization

/// A session's threads. A phase of work is divided into work items; the caller's thread and the workers take items from a shared
/// counter until none are left, and the phase ends when all are done. Work items never share a sum, so it does not matter which
/// thread takes which.
///
/// Workers spin for a moment after a phase, because the next one follows within microseconds, and then sleep.
package final class Workers {
    /// Including the caller's thread.
    package let count: Int
    let kernels: Kernels
    let interruption: Interruption

    /// Scratch of each worker, (count, scratchStride).
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
    private var monitor: OpaquePointer?
    private var threads: [OpaquePointer] = []
    /// The process that the threads belong to.
    private var process = platform_process()

    /// `scratch` must outlive the workers.
    package init(
        count: Int, kernels: Kernels, scratch: UnsafeMutablePointer<Float>, scratchStride: Int, interruption: Interruption
    ) throws(LimbeckError) {
        self.count = count
        self.kernels = kernels
        self.interruption = interruption
        self.scratch = scratch
        self.scratchStride = scratchStride
        if count > 1 { try start() }
    }

    deinit {
        if process == platform_process() { stop() } else { forget() }
    }

    /// Begins every call. In the child process of a fork() there are no workers yet.
    func beginCall() throws(LimbeckError) {
        interruption.begin()
        guard count > 1 else { return }
        let current = platform_process()
        if process == current { return }
        forget()
        do throws(LimbeckError) {
            try start()
        } catch {
            throw LimbeckError(error.status, "\(error.message), after a fork(); a session with threads 1 needs none")
        }
        process = current
    }

    /// The items of work that is not the engine's own.
    package typealias Body = (_ item: Int, _ scratch: UnsafeMutablePointer<Float>) -> Void

    package func run(_ body: UnsafePointer<Body>, items: Int) throws(LimbeckError) { try run(.body(body), items: items) }

    /// Runs items 0..<items of `work`; returns when all are done, or throws if the caller has ended the call.
    @inline(never) func run(_ work: Work, items: Int) throws(LimbeckError) {
        guard count > 1, items > 1 else {
            for item in 0..<items {
                try interruption.check()
                work.run(item, kernels: kernels, scratch: scratch)
            }
            return
        }
        self.work = work
        self.items = items
        next.store(0, ordering: .relaxed)
        busy.store(count - 1, ordering: .relaxed)
        phase.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if sleeping.load(ordering: .sequentiallyConsistent) > 0 { wake() }
        do throws(LimbeckError) {
            while let item = takeItem() {
                try interruption.check()
                work.run(item, kernels: kernels, scratch: scratch)
            }
        } catch {
            next.store(items, ordering: .relaxed)
            // In the child of a fork() there are no workers to wait for.
            if process == platform_process() { waitForWorkers() }
            throw error
        }
        waitForWorkers()
    }

    private func waitForWorkers() {
        var spins = 0
        while busy.load(ordering: .acquiring) > 0 { pause(&spins) }
    }

    private func takeItem() -> Int? {
        let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return item < items ? item : nil
    }

    private func serve() {
        let worker = started.wrappingAdd(1, ordering: .relaxed).oldValue
        let scratch = self.scratch + worker * scratchStride
        var seen = 0
        while true {
            var spins = 0
            while phase.load(ordering: .acquiring) == seen {
                if spins < 20_000 { pause(&spins) } else { sleep(until: seen) }
            }
            seen += 1
            if stopping.load(ordering: .acquiring) { return }
            while let item = takeItem() { work.run(item, kernels: kernels, scratch: scratch) }
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
}

// Starting and stopping the threads. Either all of them exist, or none.
extension Workers {
    private func start() throws(LimbeckError) {
        phase.store(0, ordering: .relaxed)
        sleeping.store(0, ordering: .relaxed)
        stopping.store(false, ordering: .relaxed)
        started.store(1, ordering: .relaxed)
        monitor = platform_monitor_new()
        guard monitor != nil else { throw LimbeckError(.outOfMemory, "no memory for a session's threads") }
        threads.reserveCapacity(count - 1)
        for _ in 1..<count {
            // Not retained, not even while it serves: `deinit` joins the threads, so it must be able to run.
            let thread = platform_thread_start(
                { Unmanaged<Workers>.fromOpaque($0!)._withUnsafeGuaranteedRef { $0.serve() } },
                Unmanaged.passUnretained(self).toOpaque())
            guard let thread else {
                let number = threads.count + 2
                stop()
                throw LimbeckError(.threadsUnavailable, "thread \(number) of \(count) could not be started")
            }
            threads.append(thread)
        }
    }

    private func stop() {
        if !threads.isEmpty {
            stopping.store(true, ordering: .releasing)
            phase.wrappingAdd(1, ordering: .sequentiallyConsistent)
            wake()
        }
        for thread in threads { platform_thread_join(thread) }
        threads = []
        platform_monitor_free(monitor)
        monitor = nil
    }

    /// After a fork() the threads exist only in the parent: here they cannot be joined, nor the locks released that they held.
    private func forget() {
        for thread in threads { platform_thread_forget(thread) }
        threads = []
        platform_monitor_forget(monitor)
        monitor = nil
    }
}
