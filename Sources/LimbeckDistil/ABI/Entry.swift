// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CLimbeckDistil
import Limbeck

// One function per declaration of limbeck_distil.h, by the rules in Sources/Limbeck/ABI/Boundary.swift; limbeck_distil_version() is in
// include/abi.c.

// MARK: Options

private struct Call {
    let recipe: Recipe
    var options = TrainerOptions()

    init(
        _ path: UnsafePointer<CChar>?, _ bytes: Int, _ options: limbeck_distil_options
    ) throws(LimbeckError) {
        let path = try Limbeck.path(path, bytes)
        let texts = try Limbeck.texts(
            options.overrides, options.override_bytes, options.override_count, "overrides", "override")
        var overrides: [(String, String)] = []
        for index in 0..<texts.count { overrides.append(try keyAndValue(texts[index])) }
        guard options.threads <= UInt32(Session.maxThreads) else {
            throw invalid("threads is \(options.threads), and must be 0 to \(Session.maxThreads)")
        }
        self.options.threads = Int(options.threads)
        self.options.instructionSet = try choice(options.kernels, "kernels")
        self.options.resumes = try !isSet(options.restart, "restart")
        recipe = try Recipe(path: path, overrides: overrides)
    }
}

/// "key=value", in its parts: an override of a recipe.
package func keyAndValue(_ text: UnsafeRawBufferPointer) throws(LimbeckError) -> (String, String) {
    guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else {
        throw LimbeckError(.invalidArgument, "the override '\(String(utf8: text))' has no '=', expected a key, '=' and a value")
    }
    return (String(utf8: text[..<equals]), String(utf8: text[(equals + 1)...]))
}

// MARK: Calls

@c @implementation
public func limbeck_distil(
    _ recipe: UnsafePointer<CChar>!, _ recipe_bytes: Int, _ options: UnsafePointer<limbeck_distil_options>!,
    _ message: UnsafeMutablePointer<CChar>!, _ message_capacity: Int
) -> Int32 {
    explained(message, message_capacity) { () throws(LimbeckError) in
        let options = try Limbeck.options(options)
        let call = try Call(recipe, recipe_bytes, options)
        try DistilRun(call.recipe, options: call.options).run { progress in
            guard let report = options.progress else { return true }
            var name = progress.stageName
            return name.withUTF8 { name in
                var found = limbeck_distil_progress_t(progress)
                found.stage_name = UnsafeRawPointer(name.baseAddress)?.assumingMemoryBound(to: CChar.self)
                found.stage_name_bytes = UInt32(truncatingIfNeeded: name.count)
                return report(options.context, &found) == 0
            }
        }
    }
}

@c @implementation
public func limbeck_distil_plan(
    _ recipe: UnsafePointer<CChar>!, _ recipe_bytes: Int, _ options: UnsafePointer<limbeck_distil_options>!,
    _ plan: UnsafeMutablePointer<limbeck_distil_plan_t>!, _ message: UnsafeMutablePointer<CChar>!, _ message_capacity: Int
) -> Int32 {
    explained(message, message_capacity) { () throws(LimbeckError) in
        // What is wrong with the struct is said before the data are read.
        try fill(plan, limbeck_distil_plan_t())
        let call = try Call(recipe, recipe_bytes, Limbeck.options(options))
        let found = try DistilRun(call.recipe, options: call.options).plan
        var result = limbeck_distil_plan_t()
        result.stage_count = UInt32(truncatingIfNeeded: found.steps.count)
        result.parameters = UInt64(found.parameters)
        result.trained_parameters = UInt64(found.trainedParameters.max() ?? 0)
        result.step_count = UInt64(found.steps.reduce(0) { $0 + $1 })
        result.tokens_per_batch = UInt64(found.tokensPerBatch)
        result.memory_bytes = UInt64(found.bytes)
        try fill(plan, result)
    }
}

extension limbeck_distil_progress_t {
    fileprivate init(_ progress: Progress) {
        self.init()
        struct_size = UInt32(MemoryLayout<limbeck_distil_progress_t>.size)
        (stage, stage_count) = (UInt32(truncatingIfNeeded: progress.stageIndex), UInt32(truncatingIfNeeded: progress.stageCount))
        (step, step_count) = (UInt64(progress.step), UInt64(progress.steps))
        (loss, learning_rate) = (Double(progress.loss), Double(progress.learningRate))
        (tokens_per_second, seconds_left) = (progress.tokensPerSecond, progress.secondsLeft)
    }
}

// MARK: The structs of this version

extension limbeck_distil_options: Sized { package static var firstSize: Int { 16 + 5 * MemoryLayout<Int>.size } }
extension limbeck_distil_plan_t: Sized { package static var firstSize: Int { 48 } }
