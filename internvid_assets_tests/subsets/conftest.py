from pathlib import Path

import pytest
from pools import Pool


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(tmp_path)
