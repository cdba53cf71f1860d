"""What doctor finds of the profile's models: their weights, the device they run on, their servers, their costs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from huggingface_hub.constants import HF_HUB_OFFLINE

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.clip_costs import ClipCost, clip_costs
from internvid_assets.home import Home
from internvid_assets.models.endpoint import Endpoint
from internvid_assets.models.endpoint_check import problem_with
from internvid_assets.models.profiles import spec_finders
from internvid_assets.models.specs import ModelSpec
from internvid_assets.models.transformers_loading import best_device, best_dtype
from internvid_assets.models.weights import Weights, find_weights


@dataclass(frozen=True)
class Finding:
    """What was found about something, and whether it is fine; of a capability, its model too."""

    about: str
    is_fine: bool
    finding: str
    model: str | None = None
    revision: str | None = None
    weights: str | None = None
    memory_gb: float | None = None
    seconds_per_clip: float | None = None
    dollars_per_clip: float | None = None


def model_findings(home: Home, *, is_lake_there: bool = True) -> Iterator[Finding]:
    """Each capability, then what concerns them together; what calls have cost is in the lake."""
    from internvid_assets.definitions import features

    settings, specs = home.settings, {}
    finders = spec_finders(settings.profile, settings.model_overrides())
    for capability, find in finders.items():
        try:
            specs[capability] = find()
        except UserError as error:
            yield Finding(capability, False, str(error))
    costs = clip_costs([feature for _, feature in features()], home, specs) if is_lake_there else []
    float_bytes = best_dtype(best_device()).itemsize
    weights = {
        name: find_weights(spec, float_bytes=float_bytes, is_offline=HF_HUB_OFFLINE) for name, spec in specs.items()
    }
    yield from (of_capability(name, specs[name], weights[name], costs) for name in specs)
    unknown = [name for name in finders if name not in weights or needs_unknown(weights[name])]
    yield of_device({specs[name].source: found.memory_bytes or 0 for name, found in weights.items()}, unknown)
    yield from of_endpoints(specs.values())
    yield of_costs(costs)


def of_capability(capability: str, spec: ModelSpec, weights: Weights, costs: Sequence[ClipCost]) -> Finding:
    is_fine = weights.where != "missing"
    finding = f"{spec.name}: {weights.where}" if is_fine else f"{spec.name} is missing: {weights.way_out}"
    own = [cost for cost in costs if capability in cost.capabilities]
    memory_gb = None if weights.memory_bytes is None else weights.memory_bytes / 1e9
    seconds, dollars = total(cost.seconds for cost in own), total(cost.dollars for cost in own)
    return Finding(capability, is_fine, finding, spec.name, spec.revision, weights.where, memory_gb, seconds, dollars)


def needs_unknown(weights: Weights) -> bool:
    return weights.memory_bytes is None and weights.where not in ("server", "nobody")


def of_device(needed_bytes: Mapping[str, int], unknown: Sequence[str]) -> Finding:
    """`needed_bytes` by source, since capabilities share the weights of one; `unknown` are those that nobody knows."""
    name, memory_bytes = device()
    needed = sum(needed_bytes.values())
    finding = f"{name} has {memory_bytes / 1e9:.1f} GB; all weights need {needed / 1e9:.3g} GB"
    finding += f" plus those of {', '.join(unknown)}, whose size is unknown" if unknown else ""
    fits = needed < memory_bytes
    return Finding("device", fits, finding if fits else f"{finding}; choose smaller models, or profile server")


def device() -> tuple[str, int]:
    """Where models run, and its memory in bytes."""
    if best_device().type == "cuda":
        return torch.cuda.get_device_name(), torch.cuda.get_device_properties(0).total_memory
    return "the CPU", os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def of_endpoints(specs: Iterable[ModelSpec]) -> Iterator[Finding]:
    """One per server and model, however many capabilities ask it."""
    endpoints = {dict(spec.files).get("endpoint") for spec in specs}
    for endpoint in (Endpoint.model_validate_json(each) for each in sorted(filter(None, endpoints))):
        problem = problem_with(endpoint)
        yield Finding("server", not problem, problem or f"{endpoint.base_url} answers, and knows {endpoint.name}")


def of_costs(costs: Sequence[ClipCost]) -> Finding:
    seconds, dollars = total(cost.seconds for cost in costs), total(cost.dollars for cost in costs)
    unknown = [cost.asset for cost in costs if cost.seconds is None]
    finding = (
        "no model has been called on a clip yet" if seconds is None else f"model calls take {seconds:.3g} s per clip"
    )
    finding += "" if dollars is None else f" and cost ${dollars:.3g}"
    finding += f"; not yet measured: {', '.join(unknown)}" if unknown and seconds is not None else ""
    return Finding("cost", True, finding, seconds_per_clip=seconds, dollars_per_clip=dollars)


def total(values: Iterable[float | None]) -> float | None:
    """The sum of those that are known; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
