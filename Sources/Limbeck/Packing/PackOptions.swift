/// How a model is packed.
public struct PackOptions {
    public var precision = Precision.int8
    /// Calibration texts, similar to those that the model will see; by default built-in ones. Unused by
    /// precisions without calibration.
    public var calibration: [String] = []
    /// Texts whose answers are kept in the file for `Model.verify`: the first few, or by default built-in ones.
    public var references: [String] = []
    /// Called from time to time with the fraction of the stage that is done, from 0 to 1.
    public var progress: ((_ stage: PackStage, _ fraction: Double) -> Void)? = nil
    /// As in `SessionOptions`: true ends the call, and no file is written.
    public var interrupt: (@Sendable () -> Bool)? = nil

    public init(
        precision: Precision = .int8, calibration: [String] = [], references: [String] = [],
        progress: ((_ stage: PackStage, _ fraction: Double) -> Void)? = nil, interrupt: (@Sendable () -> Bool)? = nil
    ) {
        (self.precision, self.calibration, self.references) = (precision, calibration, references)
        (self.progress, self.interrupt) = (progress, interrupt)
    }
}

/// The current stage of packing; raw values as in `limbeck.h`.
public enum PackStage: UInt32, Sendable {
    case reading = 1
    case quantizing = 2
    case references = 3
    case writing = 4
}
