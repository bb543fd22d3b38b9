extension KeyTable {
    static let tokenizerConfig = KeyTable(
        alarming: """
            lower lowercase upper case uncased accents normalizer normalize normalization nfc nfd nfkc nfkd strip split prefix \
            suffix regex pattern fuse byte bytes fallback merge merges subword sampling alpha nbest space spaces whitespace punct \
            punctuation digits chinese mecab sudachi jumanpp word words bos eos cls sep truncate truncation legacy slow special \
            added prompt prompts
            """,
        [
            .obeyed("tokenizer_class truncation_side padding_side", as: .string),
            .obeyed(
                """
                do_lower_case strip_accents tokenize_chinese_chars add_prefix_space trim_offsets keep_accents split_special_tokens \
                split_by_punct legacy add_bos_token add_eos_token
                """, as: .flag),
            .obeyed("model_max_length max_len", as: .number), .obeyed("unk_id", as: .integer),
            .obeyed("model_input_names", as: .array),
            .inside("added_tokens_decoder", .tokensById),
            .only("false", "from_slow fix_mistral_regex"),
            .only("spm", "vocab_type"),
            .refused("sp_model_kwargs", why: "SentencePiece would draw its pieces"),
            .refused("auto_map", why: "code of its own beside the files may cut otherwise"),
            listsOfTokens, specialTokens,
            .inert(
                .record,
                """
                name_or_path tokenizer_file full_tokenizer_file special_tokens_map_file vocab_file merges_file backend is_local \
                local_files_only processor_class use_fast trust_remote_code cache_dir device_map verbose _commit_hash init_inputs
                """),
            .inert(.repeated, "model_specific_special_tokens extra_ids *_token_id"),
            .inert(.padding, "padding pad_to_multiple_of pad_token_type_id"),
            .inert(.decoding, "clean_up_tokenization_spaces errors"),
            .inert(.generation, "chat_template response_template"),
            .inert(
                .unread,
                "do_basic_tokenize never_split remove_space max_length stride truncation truncation_strategy return_tensors"),
        ])

    static let specialTokensMap = KeyTable(
        alarming: "*", [listsOfTokens, specialTokens, .inert(.repeated, "model_specific_special_tokens")])

    private static let listsOfTokens = KeyRule.inside(
        "additional_special_tokens extra_special_tokens", .tokens, as: [.array, .object])
    /// The special tokens of the class, and others under names that a file chooses.
    private static let specialTokens = KeyRule.inside("*_token", .token, as: [.string, .object])

    /// Ids by token text: vocab.json and added_tokens.json.
    static let ids = KeyTable(alarming: "*", [.obeyed("*", as: .integer)])

    /// added_tokens_decoder
    static let tokensById = KeyTable(alarming: "*", [.inside("*", .token)])

    /// An added token, in any file.
    static let token = KeyTable(alarming: "*", membersOfTokens)
    private static let membersOfTokens: [KeyRule] = [
        .obeyed("content", as: .string), .obeyed("lstrip rstrip single_word normalized special", as: .flag),
        .obeyed("id", as: .integer), .inert(.record, "__type"),
    ]

    /// Tokens in an array, or under names that a file chooses.
    static let tokens = KeyTable(alarming: "*", membersOfTokens + [.inside("*", .token, as: [.string, .object])])

    /// The top level of tokenizer.json; members of components are in ComponentKeys.swift.
    static let tokenizer = KeyTable(
        alarming: "*",
        [
            .obeyed("normalizer pre_tokenizer model post_processor", as: .object), .inside("added_tokens", .token, as: .array),
            .inside("truncation", .truncation), .inert(.record, "version"), .inert(.padding, "padding"),
            .inert(.decoding, "decoder"),
        ])

    /// The maximum length is read from other files.
    static let truncation = KeyTable(
        alarming: "*", [.obeyed("direction", as: .string), .inert(.unread, "max_length strategy stride")])
}
