extension KeyTable {
    /// config.json of a family: the family's own keys, and those common to all families.
    package static func configuration(_ family: [KeyRule]) -> KeyTable {
        KeyTable(alarming: alarmingOfConfigurations, family + configurationRules)
    }

    /// Words that, in the configuration of some transformer, have named keys that change the computation.
    private static let alarmingOfConfigurations: StaticString = """
        attention attn heads head kv window sliding sparse sparsity causal alibi position positions positional sinusoidal rope \
        rotary theta yarn ntk interpolation norm norms normalize normalization prenorm postnorm rms rmsnorm layernorm act \
        activation activations gelu swiglu geglu glu gate gated gating mlp ffn feed moe expert experts router conv convolution \
        kernel scale scales scaled scaling multiplier softcap softcapping bias residual pool pooling pooler logit logits prompt \
        prompts adapter adapters lora peft quant quantization quantized bits compression exit exits skip shared sharing share \
        reuse recurrent truncate truncation matryoshka
        """

    private static let configurationRules: [KeyRule] = [
        .obeyed("model_type tokenizer_class sbert_ce_default_activation_function", as: .string),
        .only("regression single_label_classification multi_label_classification", "problem_type"),
        .obeyed("vocab_size num_labels", as: .integer),
        .obeyed("architectures", as: .array),
        .obeyed("id2label", as: .object),
        .obeyed("tie_word_embeddings", as: .flag),
        .only("false", "is_decoder add_cross_attention is_encoder_decoder", why: "encoders only"),
        .obeyed("adapters"),
        .refused("pruned_heads per_layer_config", why: "all layers have the same sizes"),
        .refused("quantization_config", why: "its tensors are no plain numbers"),
        .refused("auto_map", why: "the model has code of its own, and none of it is run here"),
        .refused("rope_scaling", why: "angles that are no position times a frequency"),
        .inside("sentence_transformers", .crossEncoder),
        .inert(
            .record,
            """
            _name_or_path name_or_path transformers_version finetuning_task custom_pipelines pipeline_tag model_card language \
            languages license tags library_name datasets transformers.js_config
            """),
        .inert(
            .training,
            "hidden_dropout_prob attention_probs_dropout_prob classifier_dropout initializer_range gradient_checkpointing"),
        .inert(
            .output,
            """
            dtype torch_dtype use_bfloat16 return_dict output_attentions output_hidden_states output_past use_cache torchscript \
            chunk_size_feed_forward tf_legacy_loss xla_device _attn_implementation attn_implementation \
            _attn_implementation_internal _attn_implementation_autoset _flash_attn_2_enabled
            """),
        .inert(
            .generation,
            """
            bos_token_id eos_token_id eos_token_ids sep_token_id cls_token_id decoder_start_token_id max_length min_length \
            do_sample early_stopping num_beams num_beam_groups diversity_penalty temperature top_k top_p typical_p \
            repetition_penalty length_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size bad_words_ids \
            num_return_sequences output_scores return_dict_in_generate forced_bos_token_id forced_eos_token_id \
            remove_invalid_values exponential_decay_length_penalty suppress_tokens begin_suppress_tokens prefix \
            task_specific_params cross_attention_hidden_size tie_encoder_decoder
            """),
        .inert(.repeated, "label2id _num_labels"),
        .inert(.padding, "pad_token_id"),
        .inert(
            .unread,
            """
            directionality pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers pooler_size_per_head pooler_type \
            is_composition type_vocab_size embedding_size position_embedding_type layer_norm_eps hidden_act max_seq_length
            """),
    ]
}

extension [KeyRule] {
    /// The keys of the families that use BERT's names for layer sizes.
    package static var bertLayers: [KeyRule] {
        [
            .obeyed("hidden_size num_hidden_layers num_attention_heads intermediate_size max_position_embeddings", as: .integer),
            .obeyed("hidden_act", as: .string),
            .obeyed("layer_norm_eps", as: .number),
        ]
    }

    /// The same, and BERT's other keys.
    package static var bert: [KeyRule] {
        .bertLayers + [
            .obeyed("type_vocab_size", as: .integer),
            // transformers 5 no longer reads it, and adds the positions of a table that such a model was not trained with.
            .only("absolute", "position_embedding_type"),
        ]
    }
}

/// Whether a config.json without a model type is FastBERT's.
func isFastBERT(_ config: JSONValue) -> Bool { config.optional("layers_num") != nil && config.optional("heads_num") != nil }
