import Limbeck

/// What a recipe asks for, opened and checked: a student that is trained, or a static one, which is computed at once.
package enum DistilRun {
    case training(Trainer)
    case table(StaticRun)

    package init(_ recipe: Recipe, options: TrainerOptions) throws(LimbeckError) {
        self =
            recipe.student.isStatic
            ? .table(try StaticRun(recipe, options: options)) : .training(try Trainer(recipe, options: options))
    }

    package var plan: TrainingPlan {
        switch self {
        case .training(let trainer): trainer.plan
        case .table(let run): run.plan
        }
    }

    /// Sentences about the data, for people.
    package var notes: [String] {
        switch self {
        case .training(let trainer): trainer.notes
        case .table(let run): run.notes
        }
    }

    /// `progress` returns false to end the run, which throws `.interrupted`.
    package func run(progress: (Progress) -> Bool) throws(LimbeckError) {
        switch self {
        case .training(let trainer): try trainer.run(progress: progress)
        case .table(let run): try run.run(progress: progress)
        }
    }
}
