"""One build from its plan to the pushed image, stage by stage, with the reasons and words of the real builder."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import json

from imagestreams.daemon_threads import in_daemon_thread
from imagestreams.reference import InvalidReference, parse
from imagestreams.runners.builds.dockerfile import Changes, changed, referenced_images
from imagestreams.runners.builds.git import Git, is_below, local_path, shown
from imagestreams.runners.builds.images import Access, Engine, Images, written_digest
from imagestreams.runners.builds.inputs import (
    DOCKERFILE,
    FETCH_SOURCE_FAILED,
    GENERIC_BUILD_FAILED,
    MANAGE_DOCKERFILE_FAILED,
    context_of,
    copy_directory,
    inside,
    merge,
    unpack,
    write_files,
)
from imagestreams.runners.builds.plan import (
    BuildFailure,
    BuildPlan,
    BuildResult,
    Commit,
    InputError,
    Pairs,
    Progress,
    Step,
)
from imagestreams.runners.engine import RunnerError
from imagestreams.runners.leftovers import Leftovers

BASE_IMAGES_MAX: Final = 10
"""How many base images stay in the storage."""
DIGEST_FILE: Final = "pushed-digest"
_BUILT_FILE: Final = "built"
_PULL_FAILED: Final = ("PullBuilderImageFailed", "Failed pulling builder image.")
_EXTRACT_FAILED: Final = ("FetchImageContentFailed", "Failed to extract image content.")
_BUILD_FAILED: Final = ("DockerBuildFailed", "Dockerfile build strategy has failed.")
_HOOK_FAILED: Final = ("PostCommitHookFailed", "Build failed because of post commit hook.")
_PUSH_FAILED: Final = ("PushImageToRegistryFailed", "Failed to push the image to the registry.")
_LABELS: Final = "io.openshift.build."


@dataclass
class Builder:
    """Carries out plans; `directories` may be read as local sources, `work` holds a directory for each build.

    The base images that were used last stay in the storage, so that they are not fetched for each build. It is emptied
    before the first build, and after one that was broken off: then what is in there is not known any more.
    """

    engine: Engine
    work: Path
    leftovers: Leftovers
    environment: Mapping[str, str] = field(repr=False)
    directories: Sequence[Path] = ()
    git: str = "git"
    _is_tidy: bool = field(default=False, init=False)
    _active: int = field(default=0, init=False)
    _tidying: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)
    _used: dict[str, None] = field(default_factory=dict, init=False, repr=False)

    async def build(self, plan: BuildPlan, access: Access, progress: Progress) -> BuildResult:
        """Build and push.

        A build that was interrupted begins anew, but for one whose image was built: the same image is pushed again,
        which a registry that has it already does not even notice.

        Raises:
            BuildFailure: it came to nothing; what the engine said stands in the log.
        """
        private = self.work / plan.uid
        tag = f"localhost/imagestreams/{plan.uid}:latest"
        is_built = _is_built(private)
        if not is_built:
            await self.forget(plan.uid)
            private.mkdir(mode=0o700, parents=True)
        images = Images(self.engine, private, progress.log, self.leftovers)
        await self._tidy(images)
        self._active += 1
        try:
            async with asyncio.timeout(plan.timeout_s):
                if is_built and await images.holds(tag):
                    progress.say("The image was built before the server stopped.")
                    progress.commit = _noted_commit(private)
                else:
                    await self._make(plan, images, access, private, tag, progress)
                return await _push(plan, images, access, private, tag, progress)
        except TimeoutError:
            self._is_tidy = False
            progress.say(f"error: the build took longer than {plan.timeout_s:g} s")
            raise BuildFailure(*GENERIC_BUILD_FAILED) from None
        except asyncio.CancelledError:
            # Nothing is tidied up while somebody waits for the end.
            self._is_tidy = False
            raise
        finally:
            self._active -= 1
            if self._is_tidy:
                used = [*progress.base_images, *(one.image for one in plan.images)]
                await images.forget(tag, self._no_longer_kept(used))

    async def _tidy(self, images: Images) -> None:
        """Empty the storage if a build was broken off in it, and none is under way or has still to be pushed."""
        async with self._tidying:
            if not self._is_tidy and not self._active and not any(map(_is_built, self.work.glob("*"))):
                await images.empty()
                self._used.clear()
                self._is_tidy = True

    def _no_longer_kept(self, used: Sequence[str]) -> list[str]:
        """Note which base images were used, and return those that make way for them."""
        for image in used:
            self._used.pop(image, None)
            self._used[image] = None
        spare = list(self._used)[: max(0, len(self._used) - BASE_IMAGES_MAX)]
        for image in spare:
            del self._used[image]
        return spare

    def pushed(self, uid: str) -> str:
        """Return the digest of what a build pushed before it was interrupted, empty if it did not come that far."""
        return written_digest(self.work / uid / DIGEST_FILE)

    async def forget(self, uid: str) -> None:
        """Remove what a build left in its directory."""
        await in_daemon_thread(lambda: shutil.rmtree(self.work / uid, ignore_errors=True))

    async def begin(self, uids: Collection[str]) -> int:
        """End and remove what a dead server left, but for the directories of some builds; return how much was ended."""
        ended = self.leftovers.end()
        for path in sorted(self.work.glob("*")):
            if path.name not in uids:
                await self.forget(path.name)
        return ended

    async def _make(
        self, plan: BuildPlan, images: Images, access: Access, private: Path, tag: str, progress: Progress
    ) -> None:
        """Build the image, up to where it only has to be pushed."""
        source = private / "source"
        await in_daemon_thread(lambda: shutil.rmtree(source, ignore_errors=True))
        source.mkdir()
        async with _failing(FETCH_SOURCE_FAILED, progress):
            await self._fetch(plan, private, source, progress)
        context_of(source, plan.context_dir)
        images.use(access.pulls([one.image for one in plan.images]))
        await _take_files(plan, images, private, source, progress)
        context = context_of(source, plan.context_dir)
        async with _failing(MANAGE_DOCKERFILE_FAILED, progress):
            dockerfile, text = _prepare(plan, context, progress)
        progress.base_images = referenced_images(text, plan.build_args)
        images.use(access.pulls(progress.base_images))
        async with _failing(_PULL_FAILED, progress):
            for image in progress.base_images:
                # One whose name only the engine can make out is got by the engine, too.
                if "$" not in image:
                    _check_image(image)
                    progress.say(f"\nPulling image {image} ...")
                    async with _timed(progress, "PullImages", "PullBaseImage"):
                        await images.pull(image, plan.timeout_s)
        async with _failing(_BUILD_FAILED, progress), _timed(progress, "Build", "DockerBuild"):
            await images.build(plan, context, dockerfile, tag, plan.timeout_s)
        if plan.post_commit:
            progress.say("\nRunning post-commit hook ...")
            async with _failing(_HOOK_FAILED, progress), _timed(progress, "PostCommit", "RunPostCommitHook"):
                await images.check(tag, plan.post_commit, plan.timeout_s)
        _note_built(private, progress.commit)

    async def _fetch(self, plan: BuildPlan, private: Path, source: Path, progress: Progress) -> None:
        if plan.binary is not None:
            progress.say("Receiving source from STDIN as " + (plan.binary.as_file or "archive ..."))
            await unpack(plan.binary, source)
        if plan.git is None or plan.binary is not None:
            # What was uploaded may hold a `.git`, whose settings could run programs here.
            return
        local = local_path(plan.git.uri)
        if local is not None and local.is_dir() and not _is_repository(local):
            if not is_below(local, self.directories):
                raise RunnerError(f"{local} is in none of the directories that builds may read")
            progress.say(f"Copying {local} ...")
            async with _timed(progress, "FetchInputs", "FetchGitSource"):
                await copy_directory(local, source)
            return
        progress.say(f'Cloning "{shown(plan.git.uri)}" ...')
        git = Git(self.environment, private, progress.log, plan.timeout_s, self.directories, self.git)
        async with _timed(progress, "FetchInputs", "FetchGitSource"):
            commit = progress.commit = await git.fetch(plan.git, source)
        progress.say(f"\tCommit:\t{commit.id} ({commit.message.splitlines()[0] if commit.message else ''})")
        progress.say(f"\tAuthor:\t{commit.author_name} <{commit.author_email}>")
        progress.say(f"\tDate:\t{commit.date}")


async def _push(
    plan: BuildPlan, images: Images, access: Access, private: Path, tag: str, progress: Progress
) -> BuildResult:
    if not plan.push_to:
        progress.say("\nBuild complete, no image push requested")
        return BuildResult()
    images.use(access.push)
    progress.say(f"\nPushing image {plan.push_to} ...")
    async with _failing(_PUSH_FAILED, progress), _timed(progress, "PushImage", "PushDockerImage"):
        digest = await images.push(tag, plan.push_to, private / DIGEST_FILE, plan.timeout_s)
    progress.say("Push successful")
    return BuildResult(digest)


def _is_built(private: Path) -> bool:
    return (private / _BUILT_FILE).is_file()


def _note_built(private: Path, commit: Commit | None) -> None:
    """Note that only the push is left, and of which commit the image is."""
    unfinished = private / f"{_BUILT_FILE}.new"
    unfinished.write_bytes(json.encode(commit))
    unfinished.replace(private / _BUILT_FILE)


def _noted_commit(private: Path) -> Commit | None:
    return json.decode((private / _BUILT_FILE).read_bytes(), type=Commit | None)


async def _take_files(plan: BuildPlan, images: Images, private: Path, source: Path, progress: Progress) -> None:
    """Take files out of other images into the source."""
    async with _failing(_EXTRACT_FAILED, progress):
        for number, one in enumerate(plan.images):
            if not one.paths:
                continue
            _check_image(one.image)
            async with _timed(progress, "PullImages", "PullInputImage"):
                await images.pull(one.image, plan.timeout_s)
            taken = private / f"image-{number}"
            await images.extract(one.image, [path for path, _ in one.paths], taken, plan.timeout_s)
            for count, (_, directory) in enumerate(one.paths):
                await in_daemon_thread(partial(merge, taken / str(count), source, directory))


def _prepare(plan: BuildPlan, context: Path, progress: Progress) -> tuple[Path, str]:
    """Write the Dockerfile that is built, and the values of secrets beside it; return its path and text."""
    if plan.dockerfile is not None:
        inside(context, DOCKERFILE).write_text(plan.dockerfile)
    for given in plan.files:
        write_files(given, context)
    path = inside(context, plan.dockerfile_path or DOCKERFILE)
    text = path.read_text()
    if not referenced_images(text, plan.build_args) and "FROM" not in text.upper():
        raise InputError("no FROM image in Dockerfile")
    names = {name: image.image for image in plan.images for name in image.names}
    if plan.base:
        progress.say(f"Replaced Dockerfile FROM image {plan.base}")
    changes = Changes(
        plan.base, names, plan.env, _about(plan, progress), _labels(plan, progress), dict(plan.build_args)
    )
    text = changed(text, changes)
    path.write_text(text)
    return path, text


def _about(plan: BuildPlan, progress: Progress) -> Pairs:
    """Return the variables that tell an image how it was built."""
    pairs = [("OPENSHIFT_BUILD_NAME", plan.name), ("OPENSHIFT_BUILD_NAMESPACE", plan.namespace)]
    if plan.git is not None:
        pairs.append(("OPENSHIFT_BUILD_SOURCE", shown(plan.git.uri)))
        if plan.git.ref:
            pairs.append(("OPENSHIFT_BUILD_REFERENCE", plan.git.ref))
        if progress.commit is not None:
            pairs.append(("OPENSHIFT_BUILD_COMMIT", progress.commit.id))
    return pairs


def _labels(plan: BuildPlan, progress: Progress) -> Pairs:
    labels = {f"{_LABELS}name": plan.name, f"{_LABELS}namespace": plan.namespace}
    if (commit := progress.commit) is not None:
        labels |= {
            f"{_LABELS}commit.author": f"{commit.author_name} <{commit.author_email}>",
            f"{_LABELS}commit.date": commit.date,
            f"{_LABELS}commit.id": commit.id,
            f"{_LABELS}commit.message": commit.message.splitlines()[0] if commit.message else "",
        }
    if plan.git is not None:
        labels[f"{_LABELS}source-location"] = shown(plan.git.uri)
        if plan.git.ref:
            labels[f"{_LABELS}commit.ref"] = plan.git.ref
    if plan.context_dir:
        labels[f"{_LABELS}source-context-dir"] = plan.context_dir
    return [*sorted(labels.items()), *plan.labels]


def _check_image(image: str) -> None:
    """Refuse what is no image of a registry: engines also take archives and directories of this machine."""
    try:
        parse(image)
    except InvalidReference as error:
        raise InputError(f"{image!r} is no image: {error}") from error


def _is_repository(path: Path) -> bool:
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())


@asynccontextmanager
async def _failing(told: tuple[str, str], progress: Progress) -> AsyncIterator[None]:
    """Turn what goes wrong into a failure of the build; what the engine said goes into the log."""
    try:
        yield
    except (RunnerError, InputError, OSError, UnicodeDecodeError) as error:
        progress.say(f"error: {error}")
        raise BuildFailure(*told) from error


@asynccontextmanager
async def _timed(progress: Progress, stage: str, name: str) -> AsyncIterator[None]:
    start = progress.clock()
    try:
        yield
    finally:
        taken = progress.clock() - start
        progress.steps.append(Step(stage, name, start, max(0, round(taken.total_seconds() * 1000))))
