"""An evaluation does not remove images while another evaluation of the same user repeats a build."""

from __future__ import annotations

import os
import threading

from evaluation.engine.image_lock import images_locked


def test_removal_waits_for_another_holder_up_to_a_limit(tmp_path):
    with images_locked(0.0, tmp_path) as first:
        with images_locked(0.0, tmp_path) as second:
            assert (first, second) == (True, False)
        released = threading.Event()

        def remove() -> None:
            with images_locked(30.0, tmp_path) as held:
                assert held
                released.set()

        other = threading.Thread(target=remove)
        other.start()
        assert not released.wait(0.3)
    assert released.wait(30.0)
    other.join()


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("content")
    folder = tmp_path / "temporary"
    folder.mkdir()
    (folder / f"app07eval-images-{os.getuid()}.lock").symlink_to(victim)
    with images_locked(0.0, folder) as held:
        assert not held
    assert victim.read_text() == "content"
