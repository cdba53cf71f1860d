"""internvid recipes: what every asset's results depend on, and the lock on the code behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import polars as pl
import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.recipes import Blessed, Recipe, read_lock, write_lock
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat, Overrides
from internvid_assets.cli.output import Format, show
from internvid_assets.home import Home

recipes = typer.Typer(help="Show what results depend on, and bless code changes that leave them the same.")


@recipes.callback(invoke_without_command=True)
def recipes_(context: typer.Context) -> None:
    """Show what results depend on, and bless code changes that leave them the same. Without a command: list."""
    if context.invoked_subcommand is None:
        list_()


@recipes.command("list")
def list_(set_: Overrides = None, format: OutputFormat = Format.table) -> None:
    """List every asset with its recipe and version.

    Example: internvid recipes list
    """
    from internvid_assets.definitions import features, recipes_made_whole

    home = open_home(set_ or ())
    lines = [
        {"asset": feature.name, "stage": stage, "recipe": home.recipe(feature).hash, "version": feature.version}
        for stage, feature in features()
    ]
    for (stage, _), recipe in recipes_made_whole(home).items():
        lines.append({"asset": recipe.asset, "stage": stage, "recipe": recipe.hash, "version": recipe.version})
    show(pl.DataFrame(lines), format)


@recipes.command("show")
def show_(
    asset: Annotated[str, typer.Argument(help="An asset, such as fused_captions.")],
    set_: Overrides = None,
    format: OutputFormat = Format.table,
) -> None:
    """Show what an asset's results depend on, and where each value comes from.

    A value that is not in the recipe is a threshold, or a limit on how calls are made: changing it computes nothing.

    Example: internvid recipes show clips --set clips.threshold=30
    """
    from internvid_assets.definitions import features, recipes_made_whole
    from internvid_assets.settings import origin

    home, known = open_home(set_ or ()), {feature.name: feature for _, feature in features()}
    whole = {recipe.asset: recipe for recipe in recipes_made_whole(home).values()}
    if asset in whole:
        return show(_lines_of(whole[asset], home, set_ or ()), format)
    if asset not in known:
        raise UserError(f"no recipe for {asset}; assets with one: {', '.join([*known, *whole])}")
    feature = known[asset]
    recipe, parameters = home.recipe(feature), feature.parameters(home.settings)
    in_recipe = parameters.of_recipe()
    lines = [("recipe", recipe.hash, "computed", True), ("version", recipe.version, "code", True)]
    for name, value in parameters:
        lines.append((f"{asset}.{name}", str(value), origin(asset, name, set_ or ()), name in in_recipe))
    for place, value in feature.borrowed(home.settings).items():
        section, _, key = place.partition(".")
        lines.append((place, str(value), origin(section, key, set_ or ()), True))
    lines += [
        ("model", f"{name} @ {revision}", f"profile {home.settings.profile}", True) for name, revision in recipe.models
    ]
    lines += [("prompt", recipe.prompt, "code", True)] if recipe.prompt else []
    columns = ["what", "value", "from", "in_recipe"]
    show(pl.DataFrame(lines, schema=columns, orient="row"), format)


def _lines_of(recipe: Recipe, home: Home, overrides: Sequence[str]) -> pl.DataFrame:
    """Of an asset that is made whole: its parameters have the full names of settings, and the profile's values."""
    from internvid_assets.settings import origin

    lines = [("recipe", recipe.hash, "computed", True), ("version", recipe.version, "code", True)]
    for place, value in recipe.parameters.items():
        section, _, key = place.partition(".")
        is_own = value == getattr(home.settings.parameters(section), key)
        profile = f"profile {home.settings.profile}"
        lines.append((place, str(value), origin(section, key, overrides) if is_own else profile, True))
    lines += [("model", f"{name} @ {revision}", "settings", True) for name, revision in recipe.models]
    lines += [("prompt", recipe.prompt, "settings", True)] if recipe.prompt else []
    return pl.DataFrame(lines, schema=["what", "value", "from", "in_recipe"], orient="row")


@recipes.command()
def bless(
    assets: Annotated[
        list[str] | None, typer.Argument(help="Assets whose code changed but whose results did not.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Bless every asset.")] = False,
) -> None:
    """Confirm that changed code still gives the same results: its hash is written to recipes.lock.

    If results do change, raise the asset's version first, then bless it.

    Example: internvid recipes bless clips
    """
    from internvid_assets.definitions import features

    known = {feature.name: feature for _, feature in features()}
    chosen = list(known) if all_ else assets or []
    unknown = [asset for asset in chosen if asset not in known]
    if unknown or not chosen:
        raise UserError(
            f"cannot bless {', '.join(unknown) or 'nothing'}; expected some of: {', '.join(known)}; or --all"
        )
    lock = {asset: line for asset, line in read_lock().items() if asset in known}
    lock |= {asset: Blessed(known[asset].version, known[asset].code_hash()) for asset in chosen}
    write_lock(lock)
    print(f"blessed {', '.join(chosen)}")
