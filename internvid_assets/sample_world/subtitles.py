"""The speech of a sample video: one sentence per shot in English, Chinese and French, as WebVTT."""

from __future__ import annotations

from internvid_assets.sample_world.plans import Language, VideoPlan
from internvid_assets.sample_world.scenes import FLICKER_ACTION, STILL_ACTION, Scene, clip_caption

PAUSE_SECONDS = 0.2
"""Silence at both ends of a shot, so that no cue crosses a cut."""

CHINESE = {
    "ball": "球",
    "ring": "圆环",
    "square": "正方形",
    "triangle": "三角形",
    "star": "星星",
    "heart": "爱心",
    "cross": "十字",
    "moon": "月亮",
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "blue": "蓝色",
    "purple": "紫色",
    "white": "白色",
    "black": "黑色",
    "gray": "灰色",
    "plain": "纯色",
    "shaded": "渐变",
    "striped": "条纹",
    "checkered": "方格",
    "dotted": "圆点",
    "noisy": "颗粒",
    "moves left": "向左移动",
    "moves right": "向右移动",
    "rises": "上升",
    "falls": "下落",
    "grows": "变大",
    "shrinks": "变小",
    "spins": "旋转",
    "blinks": "一闪一闪",
    "bounces": "上下弹跳",
    "swings": "左右摆动",
    STILL_ACTION: "静止不动",
    FLICKER_ACTION: "不停闪烁",
}

FRENCH = {
    "ball": "une balle",
    "ring": "un anneau",
    "square": "un carré",
    "triangle": "un triangle",
    "star": "une étoile",
    "heart": "un cœur",
    "cross": "une croix",
    "moon": "une lune",
    "red": "rouge",
    "orange": "orange",
    "yellow": "jaune",
    "green": "vert",
    "blue": "bleu",
    "purple": "violet",
    "white": "blanc",
    "black": "noir",
    "gray": "gris",
    "plain": "uni",
    "shaded": "dégradé",
    "striped": "rayé",
    "checkered": "à damier",
    "dotted": "à pois",
    "noisy": "granuleux",
    "moves left": "va vers la gauche",
    "moves right": "va vers la droite",
    "rises": "monte",
    "falls": "descend",
    "grows": "grandit",
    "shrinks": "rétrécit",
    "spins": "tourne",
    "blinks": "clignote",
    "bounces": "rebondit",
    "swings": "se balance",
    STILL_ACTION: "reste immobile",
    FLICKER_ACTION: "scintille",
}

FRENCH_FEMININE = {"green": "verte", "blue": "bleue", "purple": "violette", "white": "blanche", "black": "noire"}


def sentence(scene: Scene, language: Language) -> str:
    """The scene in one sentence."""
    if language == "zh":
        return _chinese(scene)
    text = _french(scene) if language == "fr" else clip_caption(scene)
    return f"{text[0].upper()}{text[1:]}."


def _chinese(scene: Scene) -> str:
    said = [CHINESE[word] for word in (scene.colour, scene.object, scene.action, scene.background, scene.texture)]
    colour, thing, action, background, texture = said
    return f"一个{colour}的{thing}在{background}的{texture}背景上{action}。"


def _french(scene: Scene) -> str:
    thing = FRENCH[scene.object]
    feminine = FRENCH_FEMININE if thing.startswith("une") else {}
    colour = feminine.get(scene.colour, FRENCH[scene.colour])
    action, texture, background = (FRENCH[word] for word in (scene.action, scene.texture, scene.background))
    return f"{thing} {colour} {action} sur un fond {background} {texture}"


def webvtt(plan: VideoPlan, language: Language) -> str:
    """The whole subtitle file: a cue per shot."""
    blocks = [f"WEBVTT\nKind: captions\nLanguage: {language}\n"]
    for shot in plan.shots:
        start = _clock(plan.seconds(shot.start_frame) + PAUSE_SECONDS)
        end = _clock(plan.seconds(shot.end_frame) - PAUSE_SECONDS)
        blocks.append(f"{start} --> {end}\n{sentence(shot.scene, language)}\n")
    return "\n".join(blocks)


def _clock(seconds: float) -> str:
    """WebVTT's format, `00:00:12.345`."""
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
