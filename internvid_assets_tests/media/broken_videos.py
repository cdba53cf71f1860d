"""Files that hurt readers, each made here, and what must become of it: a code, or what is really in it.

What holds a video is told as probing and splitting see it: "40 frames of 64x48 in 1.6 s, cut at 0.8".
"""

from __future__ import annotations

import struct
from fractions import Fraction

from damage import (
    Maker,
    changed,
    content,
    cut,
    data_only,
    edit_list,
    edited,
    encrypted,
    endless_tags,
    every_fifth_packet_lost,
    joined,
    matroska,
    nested,
    picture,
    repeated,
    rubbish,
    samples_in_another_file,
    sound_with_cover,
    subtitle_cluster,
    subtitle_track,
    table,
    video,
    without_packet,
    zeros,
)
from mp4_boxes import SAMPLE_TABLE, box, numbers, patched, turned_by_a_quarter
from tiny_videos import grey, noise, write_audio

MILLISECONDS = Fraction(1, 1000)
REORDERED = {"preset": "medium", "bf": "2"}
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}
HOUR_MS = 3_600_000
STSD = (*SAMPLE_TABLE, "stsd")
WHOLE = "40 frames of 64x48 in 1.6 s, cut at 0.8"
THREE = [noise(i) for i in range(3)]
ODD = [noise(scene, width=72, height=56)[:49, :65] for scene in range(2) for _ in range(20)]
PQ = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
VP9 = video(codec="libvpx-vp9", codec_options={})

NO_VIDEO: dict[str, tuple[Maker, str]] = {
    "playlist.mp4": (content("#EXTM3U\n#EXTINF:2,\n/etc/passwd\n#EXT-X-ENDLIST\n"), "not_a_video"),
    "concat.mp4": (content("ffconcat version 1.0\nfile '/etc/passwd'\n"), "not_a_video"),
    "web_page.mp4": (content("<!doctype html><title>404 Not Found</title>"), "not_a_video"),
    "picture.mp4": (picture(".png"), "not_a_video"),
    "photo.mov": (picture(".jpg"), "not_a_video"),
    "noise.avi": (content(rubbish(100_000)), "not_a_video"),
    "zeros_1_gb.mp4": (zeros(10**9), "not_a_video"),
    "boxes_in_boxes.mp4": (content(box("ftyp", b"isom" * 2) + nested("moov", 2000)), "truncated"),
    "tags_in_tags.mkv": (matroska(endless_tags(3000)), "truncated"),
    "subtitles.mkv": (matroska(subtitle_track(), subtitle_cluster()), "no_video_stream"),
    "telemetry.ts": (data_only, "no_video_stream"),
    "cover_art.ogg": (sound_with_cover, "no_video_stream"),
    "sound.mp4": (lambda path: write_audio(path), "no_video_stream"),
}

LYING_INDEXES: dict[str, tuple[Maker, str]] = {
    "no_samples.mp4": (edited("mdat", edit=lambda _: b""), "undecodable"),
    "samples_in_another_file.mov": (samples_in_another_file, "undecodable"),
    "samples_beyond_the_end.mp4": (table("stco", 1, 2**31), "undecodable"),
    "encrypted.mp4": (encrypted, "encrypted"),
    "encrypted_without_keys.mp4": (edited(*STSD, edit=patched(12, b"encv")), "unsupported_codec"),
    "no_decoder_parameters.mp4": (edited(*STSD, edit=lambda old: old.replace(b"avcC", b"free")), "truncated"),
    "codec_of_nobody.mp4": (edited(*STSD, edit=patched(12, b"zzzz")), "unsupported_codec"),
    "sample_count_absurd.mp4": (table("stsz", 1, 400_000_000), "undecodable"),
    "sample_sizes_absurd.mp4": (table("stsz", 2**31 - 1, 40), "undecodable"),
    "run_absurd.mp4": (
        edited("moof", "traf", "trun", edit=patched(4, numbers(2**31 - 1)), container_options=FRAGMENTS),
        "truncated",
    ),
    "ticks_per_second_0.mp4": (
        edited("moov", "trak", "mdia", "mdhd", edit=patched(12, numbers(0))),
        "1 frames of 64x48 in 512 s, no cut",
    ),
    "ticks_per_second_negative.mp4": (
        edited("moov", "trak", "mdia", "mdhd", edit=patched(12, numbers(-1))),
        "1 frames of 64x48 in 512 s, no cut",
    ),
    "durations_zero.mp4": (table("stts", 1, 40, 0), "40 frames of 64x48 in 1.6 s, no cut"),
    "durations_huge.mp4": (table("stts", 1, 40, 2**30), "1 frames of 64x48 in 0.04 s, no cut"),
    "durations_negative.mp4": (table("stts", 1, 40, -5), "40 frames of 64x48 in 0.003125 s, no cut"),
    "durations_for_billions.mp4": (table("stts", 1, 2**31, 512), WHOLE),
    "times_go_backwards.mp4": (
        table("ctts", 2, 20, 20480, 20, 0, codec_options=REORDERED),
        "22 frames of 64x48 in 0.88 s, no cut",
    ),
    "edit_list_hides_all.mp4": (edit_list((1, 10**6)), "undecodable"),
    "edit_list_negative.mp4": (edit_list((1600, -500)), WHOLE),
    "edit_list_pauses_first.mp4": (edit_list((HOUR_MS, -1), (1600, 0)), WHOLE),
    "edit_list_shows_the_second_scene.mp4": (edit_list((800, 10240)), "20 frames of 64x48 in 0.8 s, no cut"),
    "edit_list_repeats.mp4": (edit_list((800, 0), (800, 0)), "40 frames of 64x48 in 1.6 s, no cut"),
    "edit_list_of_thousands.mp4": (edit_list(*[(40, 0)] * 5000), "5000 frames of 64x48 in 200 s, no cut"),
    "header_claims_8k.mp4": (edited(*STSD, edit=patched(40, struct.pack(">HH", 7680, 4320))), WHOLE),
    "header_claims_0.mp4": (edited(*STSD, edit=patched(40, struct.pack(">HH", 0, 0))), WHOLE),
}

DAMAGED_STREAMS: dict[str, tuple[Maker, str]] = {
    "size_changes.ts": (
        joined(video(), video(*[noise(9, width=128, height=96)] * 20)),
        "60 frames of 64x48 in 2.4 s, cut at 0.8 and 1.6",
    ),
    "pixels_change.ts": (
        joined(video(), video(*[noise(9)] * 20, pix_fmt="yuv444p")),
        "60 frames of 64x48 in 2.4 s, cut at 0.8 and 1.6",
    ),
    "codec_changes.ts": (
        joined(video(), video(*[noise(9)] * 20, codec="mpeg2video", codec_options={})),
        "59 frames of 64x48 in 2.44 s, cut at 0.8",
    ),
    "begins_amid_a_group.mkv": (
        without_packet(0, codec_options={"g": "10", **REORDERED}),
        "39 frames of 64x48 in 1.56 s, no cut",
    ),
    "no_key_frame.mkv": (without_packet(0, codec_options=REORDERED), "undecodable"),
    "begins_with_rubbish.ts": (changed(video(), lambda whole: rubbish(1000) + whole[300:]), WHOLE),
    "ends_amid_a_cluster.webm": (changed(VP9, cut), "16 frames of 64x48 in 0.64 s, no cut"),
    "ends_amid_a_fragment.mp4": (
        changed(video(container_options=FRAGMENTS, codec_options={"g": "10"}), cut),
        "11 frames of 64x48 in 0.44 s, no cut",
    ),
    "every_fifth_packet_lost.ts": (
        changed(video(codec_options={"g": "1", "crf": "1"}), every_fifth_packet_lost),
        "32 frames of 64x48 in 1.6 s, cut at 0.84",
    ),
    "twice.webm": (joined(VP9, VP9), "80 frames of 64x48 in 3.2 s, cut at 0.8 and 1.6 and 2.4"),
}

ODD_TIMES: dict[str, tuple[Maker, str]] = {
    "a_tick_a_second.mov": (
        video(time_base=Fraction(1), container_options={"video_track_timescale": "1"}),
        "40 frames of 64x48 in 40 s, cut at 20",
    ),
    "a_thousand_fps.mp4": (video(time_base=MILLISECONDS), "40 frames of 64x48 in 0.04 s, cut at 0.02"),
    "a_frame_for_an_hour.mkv": (
        video(*THREE, pts=[0, 40, HOUR_MS], time_base=MILLISECONDS),
        "3 frames of 64x48 in 3600 s, cut at 0.04 and 3600",
    ),
    "times_all_equal.mkv": (
        video(*THREE, pts=[0, 0, 0], time_base=MILLISECONDS),
        "3 frames of 64x48 in 0.001 s, no cut",
    ),
    "times_missing_at_first.mkv": (
        video(pts=range(-10, 30), container_options={"avoid_negative_ts": "disabled"}),
        "40 frames of 64x48 in 1.2 s, no cut",
    ),
    "starts_before_zero.ts": (
        video(pts=range(-10, 30), codec_options=REORDERED, container_options={"avoid_negative_ts": "disabled"}),
        WHOLE,
    ),
    "starts_at_an_hour.ts": (video(pts=range(90_000, 90_040), codec_options=REORDERED), WHOLE),
    "a_hundred_thousand_frames.avi": (repeated(100_000), "100000 frames of 16x16 in 4000 s, no cut"),
}

ODD_PICTURES: dict[str, tuple[Maker, str]] = {
    "animation.gif": (video(codec="gif", pix_fmt="rgb8", codec_options={}), WHOLE),
    "animation.apng": (video(codec="apng", pix_fmt="rgb24", codec_options={}), WHOLE),
    "one_pixel.mkv": (
        video(*[grey(i, width=1, height=1) for i in (50, 200)], codec="ffv1", codec_options={}),
        "2 frames of 1x1 in 0.08 s, no cut",
    ),
    "one_line.mkv": (
        video(*[grey(i, width=500, height=1) for i in (50, 200)], codec="ffv1", codec_options={}),
        "2 frames of 500x1 in 0.08 s, no cut",
    ),
    "turned_odd_wide.mp4": (
        edited(
            "moov",
            "trak",
            "tkhd",
            edit=turned_by_a_quarter,
            pictures=ODD,
            pix_fmt="yuv444p",
            sample_aspect=Fraction(4, 3),
        ),
        "40 frames of 49x87 in 1.6 s, cut at 0.8",
    ),
    "interlaced.mpg": (video(codec="mpeg2video", codec_options={"flags": "+ildct+ilme"}), WHOLE),
    "interlaced.mp4": (video(codec_options={"preset": "medium", "x264-params": "interlaced=1:tff=1"}), WHOLE),
    "high_dynamic_range.mp4": (
        video(codec="libx265", pix_fmt="yuv420p10le", codec_options={"x265-params": f"log-level=none:{PQ}"}),
        WHOLE,
    ),
    "ten_bits.mp4": (
        video(codec="libx265", pix_fmt="yuv420p10le", codec_options={"x265-params": "log-level=none"}),
        WHOLE,
    ),
    "ten_bits.mov": (video(codec="prores_ks", pix_fmt="yuv422p10le", codec_options={}), WHOLE),
    "four_four_four.mkv": (video(pix_fmt="yuv444p"), WHOLE),
    "alpha.webm": (video(codec="libvpx-vp9", pix_fmt="yuva420p", codec_options={}), WHOLE),
    "alpha.mov": (video(codec="qtrle", pix_fmt="argb", codec_options={}), WHOLE),
    "grey.mkv": (video(codec="ffv1", pix_fmt="gray", codec_options={}), "40 frames of 64x48 in 1.6 s, no cut"),
}

BROKEN = NO_VIDEO | LYING_INDEXES | DAMAGED_STREAMS | ODD_TIMES | ODD_PICTURES
