"""The real classes of transformers, tiny and with random weights, saved to disk as published models are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

SPECIAL = ["<pad>", "<unk>", "<bos>", "<eos>", "<image>", "<video>", "<vision>", "</vision>"]
WORDS = [*SPECIAL, "a", "red", "ball", "cat", "sits", "left", "right"]
SIDE = 32


def tokenizer(*, starts: bool = True, max_length: int = 16, known: Sequence[str] = WORDS, **extra: str):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({word: index for index, word in enumerate(known)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    special_ids = [(token, known.index(token)) for token in ("<bos>", "<eos>")]
    single = "<bos> $A <eos>" if starts else "$A <eos>"
    words.post_processor = processors.TemplateProcessing(single=single, special_tokens=special_ids)
    special = {"pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<bos>", "eos_token": "<eos>"}
    return PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=max_length, **special, **extra)


TEXT = {
    "vocab_size": len(WORDS),
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "bos_token_id": 2,
    "eos_token_id": 3,
    "pad_token_id": 0,
    "max_position_embeddings": 64,
}
VISION = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": SIDE,
    "patch_size": 8,
    "initializer_range": 0.2,
}
SQUARE = {"size": {"height": SIDE, "width": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}


def blip():
    from transformers import BlipConfig, BlipForConditionalGeneration, BlipProcessor
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    config = BlipConfig(text_config={**TEXT, "sep_token_id": 3, "projection_dim": 16}, vision_config=VISION)
    return BlipForConditionalGeneration(config), BlipProcessor(BlipImageProcessorPil(**SQUARE), tokenizer())


def blip2():
    from transformers import Blip2Config, Blip2ForConditionalGeneration, Blip2Processor
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    text = {**TEXT, "model_type": "opt", "ffn_dim": 32, "word_embed_proj_dim": 16, "max_position_embeddings": 80}
    qformer = {k: TEXT[k] for k in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")}
    config = Blip2Config(
        text_config=text,
        vision_config=VISION,
        qformer_config={**qformer, "encoder_hidden_size": 16, "vocab_size": len(WORDS)},
        num_query_tokens=4,
        image_token_index=4,
    )
    processor = Blip2Processor(BlipImageProcessorPil(**SQUARE), tokenizer(), num_query_tokens=4)
    return Blip2ForConditionalGeneration(config), processor


def git():
    from transformers import GitConfig, GitForCausalLM, GitProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    config = GitConfig(**TEXT, vision_config=VISION)
    return GitForCausalLM(config), GitProcessor(CLIPImageProcessorPil(**SQUARE), tokenizer())


def florence2():
    from transformers import BartConfig, Florence2Config, Florence2ForConditionalGeneration, Florence2Processor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "init_std": 0.4}
    ids = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0, "decoder_start_token_id": 3}
    text = BartConfig(vocab_size=len(WORDS), max_position_embeddings=64, **sizes, **heads, **ids)
    stage = {"depths": (1,), "patch_size": (7,), "patch_stride": (8,), "patch_padding": (3,), "patch_prenorm": (False,)}
    widths = {"embed_dim": (16,), "num_heads": (2,), "num_groups": (2,), "window_size": 4, "projection_dim": 16}
    config = Florence2Config(text_config=text.to_dict(), vision_config={**stage, **widths}, image_token_id=4)
    pictures = CLIPImageProcessorPil(**SQUARE, image_seq_length=(SIDE // 8) ** 2 + 1)
    words = tokenizer(max_length=64, image_token="<image>")
    return Florence2ForConditionalGeneration(config), Florence2Processor(pictures, words)


def qwen2_vl():
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration, Qwen2VLProcessor

    vision = {"depth": 1, "embed_dim": 16, "hidden_size": 16, "num_heads": 2, "initializer_range": 0.2}
    return _chat_model(Qwen2VLConfig, Qwen2VLForConditionalGeneration, Qwen2VLProcessor, vision)


def qwen2_5_vl():
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor

    vision = {"depth": 2, "hidden_size": 16, "num_heads": 2, "intermediate_size": 32, "fullatt_block_indexes": [1]}
    vision |= {"out_hidden_size": 16, "initializer_range": 0.2}
    return _chat_model(Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor, vision)


def qwen3_vl():
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration, Qwen3VLProcessor

    vision = {"depth": 2, "hidden_size": 16, "num_heads": 2, "intermediate_size": 32, "deepstack_visual_indexes": [0]}
    vision |= {"out_hidden_size": 16, "num_position_embeddings": 64, "patch_size": 14, "initializer_range": 0.2}
    return _chat_model(Qwen3VLConfig, Qwen3VLForConditionalGeneration, Qwen3VLProcessor, vision)


CHAT = (
    "{% for message in messages %}{% for part in message.content %}"
    "{% if part.type == 'image' %}<vision><image></vision>{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}{% endfor %}"
)


def _chat_model(config_class: Any, model_class: Any, processor_class: Any, vision: dict[str, Any]):
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10_000.0}
    text = {**TEXT, "num_key_value_heads": 2, "head_dim": 8, "initializer_range": 0.4, "rope_parameters": rope}
    text |= {"max_position_embeddings": 512}
    ids = {"image_token_id": 4, "video_token_id": 5, "vision_start_token_id": 6, "vision_end_token_id": 7}
    config = config_class(text_config=text, vision_config=vision, bos_token_id=2, eos_token_id=3, pad_token_id=0, **ids)
    named = {"image_token": "<image>", "video_token": "<video>"}
    named |= {"vision_start_token": "<vision>", "vision_end_token": "</vision>"}
    words = tokenizer(starts=False, max_length=512, **named)
    sizes = {"size": {"shortest_edge": 28 * 28, "longest_edge": 28 * 28 * 16}}
    pictures = Qwen2VLImageProcessorPil(**sizes)
    processor = processor_class(pictures, words, Qwen2VLVideoProcessor(**sizes), chat_template=CHAT)
    return model_class(config), processor


def viclip(folder: Path, seed: int = 0) -> str:
    """A checkpoint with weights that tell pictures and words apart, and its words beside it."""
    import torch
    from tiniest import TINIEST

    from internvid_assets.models.viclip.checkpoint import save_viclip
    from internvid_assets.models.viclip.model import Viclip

    torch.manual_seed(seed)
    known = [*(word for word in WORDS if word != "<eos>"), "<eos>"]  # in CLIP's vocabulary, the end is the last
    model = Viclip(replace(TINIEST, vocabulary=len(known), end_token=len(known) - 1))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    save_viclip(model, folder)
    return saved([tokenizer(known=known)], folder)


CAPTIONERS = {"blip": blip, "blip-2": blip2, "git": git, "florence-2": florence2}
CHAT_MODELS = {"qwen2-vl": qwen2_vl, "qwen2.5-vl": qwen2_5_vl, "qwen3-vl": qwen3_vl}


def saved(parts, folder) -> str:
    for part in parts:
        part.save_pretrained(folder)
    return str(folder)
