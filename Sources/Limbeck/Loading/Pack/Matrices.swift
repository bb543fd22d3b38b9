import KernelInterface

// The parts of the weights in a pack, each with writing and reading next to each other. The description names the tensors; the name
// of a tensor begins with that of its part.

extension Panels {
    /// Whether both take inputs of the same form.
    func takesInputs(of other: Panels) -> Bool {
        switch (self, other) {
        case (.float, .float), (.int8, .int8), (.int4, .int4): true
        default: false
        }
    }

    /// Writes the tensors of a matrix of `depth` by `panels` panels.
    func write(_ name: String, depth: Int, panels: Int, to contents: inout PackContents, _ json: inout JSONWriter) {
        switch self {
        case .float(.float32(let numbers)):
            json.write("form", "float32")
            contents.write("weight", of: name, .f32, [panels, depth, panelColumns], numbers, &json)
        case .float(.float16(let numbers)):
            json.write("form", "float16")
            contents.write("weight", of: name, .f16, [panels, depth, panelColumns], numbers, &json)
        case .int8(let integers):
            let steps = depth.roundedUp(to: IntegerPanels.depthStep)
            json.write("form", "int8")
            contents.write("weight", of: name, .i8, [panels, steps / 4, panelColumns, 4], integers.codes, &json)
            contents.write("scales", of: name, .f32, [panels, panelColumns], integers.scales, &json)
            contents.write("sums", of: name, .i32, [panels, panelColumns], integers.sums, &json)
            if let smoothing = integers.smoothing {
                contents.write("smoothing", of: name, .f32, [steps], smoothing, &json)
            }
        case .int4(let nibbles):
            let steps = depth.roundedUp(to: IntegerPanels.depthStep), groups = steps / NibblePanels.group
            json.write("form", "int4")
            contents.write("weight", of: name, .u8, [panels, steps / 8, panelColumns, 4], nibbles.codes, &json)
            contents.write("scales", of: name, .f16, [panels, groups, panelColumns], nibbles.scales, &json)
            contents.write("sums", of: name, .f32, [panels, panelColumns], nibbles.sums, &json)
            if let smoothing = nibbles.smoothing {
                contents.write("smoothing", of: name, .f32, [steps], smoothing, &json)
            }
        }
    }

    @inline(never)
    init(_ json: __shared JSONValue, depth: Int, panels: Int, _ tensors: __shared PackTensors) throws(LimbeckError) {
        let steps = depth.roundedUp(to: IntegerPanels.depthStep)
        switch try json.choice("form", PackNames.precisions) {
        case 0: self = .float(.float32(try tensors.f32(json, "weight", panels, by: depth, panelColumns)))
        case 1:
            let start = try tensors.bytes(json, "weight", .f16, panels, by: depth, panelColumns)
            self = .float(.float16(start.assumingMemoryBound(to: UInt16.self)))
        case 2:
            let codes = try tensors.bytes(json, "weight", .i8, panels, by: steps / 4, panelColumns, 4)
            self = .int8(
                IntegerPanels(
                    codes: codes.assumingMemoryBound(to: Int8.self),
                    scales: try tensors.f32(json, "scales", panels, by: panelColumns),
                    sums: try tensors.i32(json, "sums", panels, by: panelColumns),
                    smoothing: try tensors.optionalF32(json, "smoothing", steps)))
        default:
            let codes = try tensors.bytes(json, "weight", .u8, panels, by: steps / 8, panelColumns, 4)
            let scales = try tensors.bytes(json, "scales", .f16, panels, by: steps / NibblePanels.group, panelColumns)
            self = .int4(
                NibblePanels(
                    codes: codes.assumingMemoryBound(to: UInt8.self),
                    scales: scales.assumingMemoryBound(to: UInt16.self),
                    sums: try tensors.f32(json, "sums", panels, by: panelColumns),
                    smoothing: try tensors.optionalF32(json, "smoothing", steps)))
        }
    }
}

extension Rows {
    func write(_ name: String, rows: Int, width: Int, to contents: inout PackContents, _ json: inout JSONWriter) {
        switch self {
        case .float32(let numbers):
            json.write("form", "float32")
            contents.write("weight", of: name, .f32, [rows, width], numbers, &json)
        case .float16(let numbers):
            json.write("form", "float16")
            contents.write("weight", of: name, .f16, [rows, width], numbers, &json)
        case .int8(let codes, let scales):
            json.write("form", "int8")
            contents.write("weight", of: name, .i8, [rows, width], codes, &json)
            contents.write("scales", of: name, .f32, [rows], scales, &json)
        }
    }

    @inline(never)
    init(_ json: __shared JSONValue, rows: Int, width: Int, _ tensors: __shared PackTensors) throws(LimbeckError) {
        switch try json.choice("form", "float32 float16 int8") {
        case 0: self = .float32(try tensors.f32(json, "weight", rows, by: width))
        case 1:
            self = .float16(try tensors.bytes(json, "weight", .f16, rows, by: width).assumingMemoryBound(to: UInt16.self))
        default:
            let codes = try tensors.bytes(json, "weight", .i8, rows, by: width)
            self = .int8(codes.assumingMemoryBound(to: Int8.self), scales: try tensors.f32(json, "scales", rows))
        }
    }
}

extension PackedLinear {
    @inline(never) func write(_ key: String, _ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.object(key) { json in
            json.write("depth", depth)
            json.write("columns", columns)
            panels.write(name, depth: depth, panels: panelCount, to: &contents, &json)
            contents.write("bias", of: name, .f32, [panelCount, panelColumns], bias, &json)
        }
    }

    @inline(never) init(_ json: __shared JSONValue, _ tensors: __shared PackTensors) throws(LimbeckError) {
        let (depth, columns) = (try json.size("depth"), try json.size("columns"))
        let count = columns.roundedUp(to: panelColumns) / panelColumns
        let panels = try Panels(json, depth: depth, panels: count, tensors)
        self.init(panels: panels, bias: try tensors.f32(json, "bias", count, by: panelColumns), depth: depth, columns: columns)
    }
}

extension PackedNorm {
    @inline(never) func write(_ key: String, _ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        let count = width.roundedUp(to: panelColumns)
        json.object(key) { json in
            json.write("width", width)
            contents.write("weight", of: name + ".norm", .f32, [count], weight, &json)
            contents.write("bias", of: name + ".norm", .f32, [count], bias, &json)
            if let eps { json.write("eps_bits", bits: eps) }
            if isUnbiased { json.write("unbiased", true) }
        }
    }

    @inline(never) init(_ json: __shared JSONValue, _ tensors: __shared PackTensors) throws(LimbeckError) {
        width = try json.size("width")
        let count = width.roundedUp(to: panelColumns)
        weight = try tensors.f32(json, "weight", count)
        bias = try tensors.f32(json, "bias", count)
        eps = json.optional("eps_bits") == nil ? nil : try json.float("eps_bits")
        isUnbiased = try json.optionalBool("unbiased") ?? false
    }

    @inline(never) init?(_ key: __shared String, of json: __shared JSONValue, _ tensors: __shared PackTensors) throws(LimbeckError)
    {
        guard let value = json.optional(key) else { return nil }
        try self.init(value, tensors)
    }
}

extension PackedTable {
    @inline(never)
    func write(_ key: String, _ name: String, count: Int, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.object(key) { json in
            json.write("rows", count)
            json.write("width", width)
            rows.write(name, rows: count, width: width, to: &contents, &json)
        }
    }

    /// A table of at least `least` rows.
    @inline(never) init(_ json: __shared JSONValue, least: Int, _ tensors: __shared PackTensors) throws(LimbeckError) {
        count = try json.integer("rows", least...Int(Int32.max))
        width = try json.size("width")
        rows = try Rows(json, rows: count, width: width, tensors)
    }
}

extension PackedRotary {
    func write(_ name: String, positions: Int, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.object { json in
            json.write("pairs", pairs)
            contents.write("table", of: name, .f32, [positions, 2 * pairs], table, &json)
        }
    }

    init(_ json: __shared JSONValue, positions: Int, _ tensors: __shared PackTensors) throws(LimbeckError) {
        pairs = try json.size("pairs")
        table = try tensors.f32(json, "table", positions, by: 2 * pairs)
    }
}

extension RelativeBias {
    func write(_ key: String, heads: Int, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.object(key) { json in
            json.write("span", span)
            contents.write("table", of: "relative_bias", .f32, [heads, stride], table, &json)
        }
    }

    init(_ json: __shared JSONValue, heads: Int, positions: Int, _ tensors: __shared PackTensors) throws(LimbeckError) {
        span = try json.integer("span", positions...Int(Int32.max))
        table = try tensors.f32(json, "table", heads, by: RelativeBias.stride(span: span))
    }
}
