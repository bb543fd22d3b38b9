extension KeyTable {
    static let tokenizerConfig = KeyTable(
        alarming: "",
        [
            .obeyed("tokenizer_class do_lower_case strip_accents tokenize_chinese_chars add_prefix_space trim_offsets"),
            .obeyed("model_max_length max_len"),
            .obeyed("unk_token sep_token cls_token mask_token pad_token bos_token eos_token"),
            .obeyed("added_tokens_decoder"),
            // Of a .model file.
            .obeyed("keep_accents split_by_punct legacy add_bos_token add_eos_token extra_special_tokens additional_special_tokens"),
        ])

    static let specialTokensMap = KeyTable(
        alarming: "", [.obeyed("unk_token sep_token cls_token mask_token pad_token bos_token eos_token")])
}
