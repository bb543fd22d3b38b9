/// The files of sentence-transformers, and the index of sharded weights. An unknown key in these files is from a later version, and
/// several such keys have changed answers.
extension KeyTable {
    /// Each module in modules.json.
    static let modules = KeyTable(
        alarming: "*", [.obeyed("type path name", as: .string), .inert(.record, "idx"), .inert(.output, "kwargs")])

    static let sentenceTransformers = KeyTable(
        alarming: alarming,
        [
            .obeyed("model_type default_prompt_name similarity_fn_name activation_fn", as: .string),
            .obeyed("truncate_dim", as: .integer),
            .obeyed("prompts", as: .object),
            .inert(.record, "__version__ requirements"),
            .inert(.output, "score_function keep_in_fp32_modules"),
            .inert(.repeated, "max_length"),
        ])

    static let sentenceConfig = KeyTable(
        alarming: alarming,
        [
            .obeyed("max_seq_length", as: .integer),
            .obeyed("do_lower_case", as: .flag),
            .only("feature-extraction sequence-classification", "transformer_task"),
            .only("token_embeddings scores", "module_output_name", why: "vectors are made of the last state, scores of logits"),
            .inside("modality_config", .modalities),
            .refused("query_length document_length query_expansion", why: "a length of its own for one kind of text"),
            .inside("model_args model_kwargs config_args config_kwargs tokenizer_args processor_kwargs", .loading),
            .refused("processing_kwargs", why: "arguments for Python classes"),
            .refused("tokenizer_name_or_path", why: "the tokenizer is the folder's"),
            .inert(.output, "unpad_inputs backend cache_dir"),
        ])

    /// Modalities other than text are for other models.
    static let modalities = KeyTable(alarming: "*", [.inside("text message", .modality)])

    /// How a text is passed to the model.
    static let modality = KeyTable(
        alarming: "*",
        [.only("forward", "method"), .only("last_hidden_state logits", "method_output_name"), .inert(.unread, "format")])

    /// Arguments of transformers' from_pretrained.
    static let loading = KeyTable(
        alarming: "*",
        [
            .obeyed("model_max_length", as: .number),
            .inert(
                .output,
                """
                trust_remote_code torch_dtype dtype attn_implementation add_pooling_layer device_map low_cpu_mem_usage \
                use_safetensors use_cache use_fast padding_side revision code_revision local_files_only token cache_dir
                """),
        ])

    private static let alarming: StaticString = """
        task case lower prompt prompts instruction instructions seq length truncate truncation dim dims normalize pool pooling \
        activation adapter adapters expansion matryoshka kwargs args fn
        """

    /// The member `sentence_transformers` of a cross-encoder's config.json.
    static let crossEncoder = KeyTable(
        alarming: "*", [.obeyed("activation_fn", as: .string), .inert(.record, "version")])

    static let pooling = KeyTable(
        alarming: "*",
        [
            .obeyed("word_embedding_dimension embedding_dimension", as: .integer),
            .obeyed("pooling_mode", as: [.string, .array]),
            .obeyed(
                """
                pooling_mode_cls_token pooling_mode_max_tokens pooling_mode_mean_tokens pooling_mode_mean_sqrt_len_tokens \
                pooling_mode_weightedmean_tokens pooling_mode_lasttoken include_prompt
                """, as: .flag),
        ])

    static let dense = KeyTable(
        alarming: "*",
        [
            .obeyed("in_features out_features", as: .integer), .obeyed("bias use_residual", as: .flag),
            .obeyed("activation_function", as: .string),
            ofSentences,
        ])

    static let layerNorm = KeyTable(alarming: "*", [.obeyed("dimension", as: .integer)])
    static let normalize = KeyTable(alarming: "*", [ofSentences])
    static let dropout = KeyTable(alarming: "*", [.inert(.training, "dropout")])

    private static let ofSentences = KeyRule.only(
        "sentence_embedding", "module_input_name module_output_name", why: "it is of the vector of a text")

    static let weightsIndex = KeyTable(
        alarming: "", [.obeyed("weight_map", as: .object), .inert(.record, "metadata")])

    /// rope_parameters and its nested objects: one per kind of layer, or one for all.
    static let rope = KeyTable(
        alarming: "*",
        [
            .inside("full_attention sliding_attention", .rope), .obeyed("rope_theta", as: .number),
            .only("default dynamic", "rope_type"), .only("default", "type"), .only("1", "partial_rotary_factor"),
            // Used by "dynamic", but only for texts longer than the model's positions.
            .inert(.unread, "factor original_max_position_embeddings"),
        ])
}
