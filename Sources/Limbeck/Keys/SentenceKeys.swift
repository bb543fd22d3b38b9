/// The files of sentence-transformers. A key of theirs that is not known is one of a later version: several have changed answers.
extension KeyTable {
    /// An entry of modules.json.
    static let modules = KeyTable(alarming: "", [.obeyed("name path type"), .inert(.record, "idx"), .inert(.output, "kwargs")])

    static let sentenceModel = KeyTable(
        alarming: "prompt prompts dim name fn",
        [
            .obeyed("model_type prompts default_prompt_name truncate_dim activation_fn similarity_fn_name"),
            .inert(.record, "__version__ requirements"), .inert(.output, "keep_in_fp32_modules"),
        ])

    /// sentence_bert_config.json, and what else it has been called: the Transformer's own.
    static let sentenceTransformer = KeyTable(
        alarming: "*",
        [
            .obeyed("max_seq_length do_lower_case transformer_task modality_config"),
            .only("token_embeddings scores", "module_output_name", why: "vectors are made of the last state, scores of logits"),
            .obeyed("model_args model_kwargs tokenizer_args processor_kwargs config_args config_kwargs"),
            .only("{}", "processing_kwargs"),
            .only("", "query_length document_length query_expansion", why: "a length of its own for one kind of text"),
            .only("", "tokenizer_name_or_path", why: "the tokenizer is the folder's"),
            .inert(.output, "unpad_inputs backend cache_dir"),
        ])

    static let modalities = KeyTable(alarming: "*", [.obeyed("text")])

    /// How a text goes through the model.
    static let modality = KeyTable(
        alarming: "*", [.only("forward", "method"), .only("last_hidden_state logits", "method_output_name")])

    /// What its keys give to transformers' from_pretrained.
    static let loading = KeyTable(
        alarming: "*",
        [
            .obeyed("model_max_length"),
            .inert(
                .output,
                """
                trust_remote_code torch_dtype dtype attn_implementation add_pooling_layer device_map low_cpu_mem_usage \
                use_safetensors use_cache use_fast padding_side revision code_revision local_files_only token cache_dir
                """),
        ])

    static let pooling = KeyTable(
        alarming: "*",
        [
            .obeyed("embedding_dimension word_embedding_dimension pooling_mode include_prompt"),
            .obeyed("pooling_mode_cls_token pooling_mode_max_tokens pooling_mode_mean_tokens pooling_mode_mean_sqrt_len_tokens"),
            .obeyed("pooling_mode_weightedmean_tokens pooling_mode_lasttoken"),
        ])

    static let dense = KeyTable(
        alarming: "*",
        [
            .obeyed("in_features out_features bias activation_function use_residual"),
            .only("sentence_embedding", "module_input_name module_output_name", why: "it is of the vector of a text"),
        ])

    static let normalize = KeyTable(
        alarming: "*",
        [.only("sentence_embedding", "module_input_name module_output_name", why: "it is of the vector of a text")])

    static let layerNorm = KeyTable(alarming: "*", [.obeyed("dimension")])

    static let dropout = KeyTable(alarming: "*", [.inert(.training, "dropout")])
}
