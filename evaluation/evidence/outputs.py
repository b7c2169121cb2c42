"""The facts about the output of a program whose prediction is not recomputed."""

from __future__ import annotations

import shutil
from pathlib import Path

from evaluation.errors import MissingPrerequisite
from evaluation.evidence.facts import fact, fact_about
from evaluation.evidence.runs import RunEvidence
from evaluation.layout.places import Place
from evaluation.prediction.other_content import write_other_content
from evaluation.prediction.replaced_stack import image_with_file, new_folder, submission_with_files
from evaluation.prediction.rerun import fresh_seed
from evaluation.prediction.without_codebase import services_mounting
from evaluation.sandbox.stack_run import StackRun


class OutputEvidence(RunEvidence):
    """The facts that compare the output of several runs."""

    @fact_about(lambda self, role, target, seed: role.file)
    def write_other_content(self, role: Place, target: Path, seed: int) -> bool:
        """Write a replacement for a container's file; return whether it has the same form, with other numbers.

        Args:
            role: the container.
            target: the file to write.
            seed: the seed of the random choices.
        """
        return write_other_content(self.submission.path(role.file), target, seed)

    @fact_about()
    def run_with_other_content(self, role: Place, attempt: int = 1) -> StackRun:
        """Run the stack with other content in a container's file.

        Args:
            role: the container.
            attempt: the number of the attempt; the content differs between attempts.

        Raises:
            MissingPrerequisite: the file is neither in the container's image nor in a mounted folder.
        """
        stack, tag = self.stack, f"other-{role.name}-{attempt}"
        new = self.folder / f"{tag}.content"
        self.write_other_content(role, new, fresh_seed())
        service = self.roles.service(role.name)
        paths = self.copies(stack.images[service], role, role.file) if service else ()
        if not paths and not services_mounting(stack.stack, role.file):
            raise MissingPrerequisite(
                f"{role.file} was found neither in the image of {role.name} nor in a mounted folder"
            )
        images = {}
        if paths:
            folder = new_folder(self.folder, tag)
            images[service] = image_with_file(self.engine, stack.images[service], new, paths, folder, tag)
        root = self.folder / f"{tag}-files"
        try:
            submission = submission_with_files(self.submission, {role.file: new}, root, self.limits)
            self.engine.on_progress(f"running the stack again, with another {role.file.rpartition('/')[2]}")
            return stack.with_replacements(submission, images).run()
        finally:
            shutil.rmtree(root, ignore_errors=True)

    @fact()
    def second_run(self) -> StackRun:
        """Run the stack again unchanged, to see what differs from one run to the next."""
        return self.stack.run()
