"""Renders a sample world: videos in category folders, their sidecars, and the ground truth of all of them."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from internvid_assets.cells.errors import UserError
from internvid_assets.sample_world.drawing import aesthetic
from internvid_assets.sample_world.encode import encode
from internvid_assets.sample_world.plans import Language, Shot, VideoPlan, plan_video
from internvid_assets.sample_world.scenes import clip_caption, frame_caption
from internvid_assets.sample_world.subtitles import sentence, webvtt

VERSION = 1
"""Incremented whenever the same seed would give other videos."""
TRUTH_FILE = "truth.jsonl"
WORLD_FILE = "world.json"


@dataclass(frozen=True)
class WorldSummary:
    """What `generate` did; rates only count newly rendered videos."""

    to: str
    videos: int
    frames: int
    video_seconds: float
    size_bytes: int
    rendered_videos: int
    rendered_frames: int
    wall_seconds: float

    @property
    def frames_per_second(self) -> float:
        return self.rendered_frames / self.wall_seconds


def generate(
    *,
    videos: int,
    seed: int,
    to: Path,
    progress: Callable[[int, int], None] | None = None,
    workers: int | None = None,
) -> WorldSummary:
    """Render the first `videos` videos of the world `seed` into the folder `to`, with `truth.jsonl` last.

    The same seed and library versions give the same bytes, whatever the number of workers. Existing videos are
    kept, so a world can be continued or extended. `progress` is called with (videos done, videos).
    Raises UserError if `to` contains anything but this world.
    """
    started = time.perf_counter()
    to = Path(to)
    _claim(to, videos, seed)
    plans: dict[int, VideoPlan] = {}
    rendered: set[int] = set()
    for index, plan, is_new in _render_all(videos, seed, to, workers or os.cpu_count() or 1):
        plans[index] = plan
        rendered |= {index} if is_new else set()
        if progress:
            progress(len(plans), videos)
    ordered = [plans[index] for index in range(videos)]
    _write_aside(to / TRUTH_FILE, "".join(json.dumps(truth(plan), ensure_ascii=False) + "\n" for plan in ordered))
    return WorldSummary(
        to=str(to),
        videos=videos,
        frames=sum(plan.frame_count for plan in ordered),
        video_seconds=sum(plan.seconds(plan.frame_count) for plan in ordered),
        size_bytes=sum(video_path(to, plan).stat().st_size for plan in ordered),
        rendered_videos=len(rendered),
        rendered_frames=sum(plans[index].frame_count for index in rendered),
        wall_seconds=time.perf_counter() - started,
    )


def video_path(to: Path, plan: VideoPlan) -> Path:
    return to / plan.category / plan.file_name


def _claim(to: Path, videos: int, seed: int) -> None:
    """Two worlds in one folder would contradict each other's ground truth."""
    if videos < 1:
        raise UserError(f"videos={videos}: expected at least 1")
    world, mark = {"seed": seed, "version": VERSION}, to / WORLD_FILE
    found = json.loads(mark.read_text()) if mark.exists() else None
    if found is None and to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UserError(
            f"{to} contains other files; expected an empty folder or sample world {seed}: choose another folder"
        )
    if found is not None and {"seed": found["seed"], "version": found["version"]} != world:
        raise UserError(f"{to} contains sample world {found}, not {world}: choose another folder")
    if found is not None and found["videos"] > videos:
        way_out = f"choose another folder, or --videos {found['videos']}"
        raise UserError(f"{to} contains {found['videos']} videos, more than --videos {videos}: {way_out}")
    to.mkdir(parents=True, exist_ok=True)
    _write_aside(mark, json.dumps(world | {"videos": videos}) + "\n")


def _render_all(videos: int, seed: int, to: Path, workers: int) -> Iterator[tuple[int, VideoPlan, bool]]:
    """(index, plan, whether it was newly rendered) of each video, in order of completion."""
    if workers == 1 or videos == 1:
        yield from (_render_if_missing(seed, index, to) for index in range(videos))
        return
    spawn = multiprocessing.get_context("spawn")  # forked copies of loaded codecs and threads may hang
    with ProcessPoolExecutor(min(workers, videos), mp_context=spawn) as pool:
        for ready in as_completed([pool.submit(_render_if_missing, seed, index, to) for index in range(videos)]):
            yield ready.result()


def _render_if_missing(seed: int, index: int, to: Path) -> tuple[int, VideoPlan, bool]:
    plan = plan_video(seed, index)
    is_missing = not video_path(to, plan).exists()
    if is_missing:
        render(plan, to)
    return index, plan, is_missing


def render(plan: VideoPlan, to: Path) -> None:
    """Write one video and its sidecars, the video last, so that its existence implies the others."""
    folder = to / plan.category
    folder.mkdir(parents=True, exist_ok=True)
    _write_aside(folder / f"{plan.video_id}.info.json", json.dumps(metadata(plan), ensure_ascii=False, indent=1) + "\n")
    for language in get_args(Language) if plan.has_subtitles else ():
        _write_aside(folder / f"{plan.video_id}.{language}.vtt", webvtt(plan, language))
    encode(plan, video_path(to, plan))


def _write_aside(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)


def metadata(plan: VideoPlan) -> dict[str, Any]:
    """The sidecar, with the field names of yt-dlp's info.json, and the `query` that would find the video."""
    scenes = [shot.scene for shot in plan.shots]
    said = [sentence(scene, plan.language) for scene in scenes]
    return {
        "id": plan.video_id,
        "title": said[0].rstrip(".。"),
        "description": "\n".join(said),
        "tags": sorted({word for scene in scenes for word in (scene.object, scene.colour)}),
        "categories": [plan.category.replace("_and_", " & ").replace("_", " ").title()],
        "language": plan.language,
        "query": f"{scenes[0].object} {scenes[0].action}",
        "duration": round(plan.seconds(plan.frame_count), 3),
        "width": plan.width,
        "height": plan.height,
        "ext": plan.file_name.rsplit(".", 1)[1],
        "extractor": "sample-world",
    }


def truth(plan: VideoPlan) -> dict[str, Any]:
    """The line of `truth.jsonl`. Frames count from 0, seconds from the first frame; ranges are half-open."""
    later = plan.shots[1:]
    return {
        "path": f"{plan.category}/{plan.file_name}",
        "video_id": plan.video_id,
        "category": plan.category,
        "width": plan.width,
        "height": plan.height,
        "fps": plan.fps,
        "is_variable_frame_rate": plan.fps is None,
        "video_codec": {"libx264": "h264", "libvpx-vp9": "vp9"}[plan.video_codec],
        "audio_codec": {"libopus": "opus", None: None}.get(plan.audio_codec, plan.audio_codec),
        "time_base": f"{plan.time_base.numerator}/{plan.time_base.denominator}",
        "frame_count": plan.frame_count,
        "duration_seconds": plan.seconds(plan.frame_count),
        "language": plan.language,
        "subtitles": list(get_args(Language)) if plan.has_subtitles else [],
        "cut_frames": [shot.start_frame for shot in later],
        "cut_pts": [plan.ticks[shot.start_frame] for shot in later],
        "cut_seconds": [plan.seconds(shot.start_frame) for shot in later],
        "cut_scores": [shot.cut_score for shot in later],
        "cut_is_low_contrast": [shot.is_faint_cut for shot in later],
        "scenes": [_scene_truth(plan, shot) for shot in plan.shots],
    }


def _scene_truth(plan: VideoPlan, shot: Shot) -> dict[str, Any]:
    scene = shot.scene
    return {
        "start_frame": shot.start_frame,
        "end_frame": shot.end_frame,
        "start_seconds": plan.seconds(shot.start_frame),
        "end_seconds": plan.seconds(shot.end_frame),
        "kind": shot.kind,
        "low_contrast": shot.kind == "low_contrast",
        "caption": clip_caption(scene),
        "center_caption": frame_caption(scene, scene.duration_seconds / 2),
        "aesthetic": round(aesthetic(scene), 3),
        **asdict(scene),
    }
