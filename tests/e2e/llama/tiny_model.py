"""A language model of one layer and random weights as a GGUF file: it says nonsense, in letters, as fast as any."""
import sys

import gguf
import numpy

WIDTH, HEADS, INNER, CONTEXT = 64, 4, 128, 2048
LETTERS = ["▁", "▁a", "▁the", *"abcdefghijklmnopqrstuvwxyz", ".", ","]


def write(path):
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *LETTERS]
    kinds = [2, 3, 3, *[6] * 256, *[1] * len(LETTERS)]
    out = gguf.GGUFWriter(path, "llama")
    out.add_name("tiny")
    out.add_context_length(CONTEXT)
    out.add_embedding_length(WIDTH)
    out.add_block_count(1)
    out.add_feed_forward_length(INNER)
    out.add_head_count(HEADS)
    out.add_head_count_kv(HEADS)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_file_type(gguf.LlamaFileType.ALL_F32)
    out.add_tokenizer_model("llama")
    out.add_token_list(tokens)
    out.add_token_scores([0.0] * len(tokens))
    out.add_token_types(kinds)
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    out.add_chat_template("{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:")
    chance = numpy.random.default_rng(7)
    tensor = lambda *shape: chance.standard_normal(shape).astype(numpy.float32) * 0.3
    head = tensor(len(tokens), WIDTH)
    head[: len(tokens) - len(LETTERS)] *= 0.01  # letters are likelier than bytes and than the end
    out.add_tensor("token_embd.weight", tensor(len(tokens), WIDTH))
    out.add_tensor("output_norm.weight", numpy.ones(WIDTH, numpy.float32))
    out.add_tensor("output.weight", head)
    for name in ("attn_norm", "ffn_norm"):
        out.add_tensor(f"blk.0.{name}.weight", numpy.ones(WIDTH, numpy.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        out.add_tensor(f"blk.0.{name}.weight", tensor(WIDTH, WIDTH))
    out.add_tensor("blk.0.ffn_gate.weight", tensor(INNER, WIDTH))
    out.add_tensor("blk.0.ffn_up.weight", tensor(INNER, WIDTH))
    out.add_tensor("blk.0.ffn_down.weight", tensor(WIDTH, INNER))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


write(sys.argv[1])
