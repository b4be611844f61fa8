"""A model behind an OpenAI-compatible endpoint (``/chat/completions``): a server of one's own, or a provider's.

The endpoint is given the sentences, one a request. None is used unless ``translate.engine`` is ``openai`` and
``translate.endpoint`` names it. The key comes from the environment variable that the settings name; it is written
nowhere, and messages of the server are shown without it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pipeline.config import EndpointSettings, TranslateSettings, digest
from pipeline.errors import ConfigError, ModelError
from pipeline.translation.engine import Output, Protection

if TYPE_CHECKING:
    import httpx

NAME: Final = "openai"
SYSTEM: Final = "You are a professional Japanese-to-English translator."
USER: Final = (
    "Translate the following Japanese sentence into natural English. Keep every number, date and name. "
    "Output only the English translation.\n\nJapanese: {source}"
)
# What is asked for unless the settings say otherwise; further candidates are drawn at TEMPERATURE, each with its seed.
PARAMETERS: Final[Mapping[str, Any]] = {"temperature": 0, "max_tokens": 1024}
TEMPERATURE: Final = 0.7
LONGEST_WAIT: Final = 30.0  # seconds between two attempts
# Statuses that may pass: time-outs, conflicts, too many requests, and a server that is overloaded or restarts.
RETRIED: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_SHOWN: Final = 200  # characters of a server's message


class ChatClient:
    """Sends conversations to an endpoint."""

    def __init__(self, model: str, settings: EndpointSettings) -> None:
        """Take the key out of the environment.

        Raises:
            ConfigError: the variable that is to hold the key is not set, or holds none.
        """
        self._model = model
        self._settings = settings
        self._url = settings.base_url.rstrip("/") + "/chat/completions"
        self._key = os.environ.get(settings.key_variable or "", "").strip()
        if settings.key_variable and not self._key:
            raise ConfigError(
                f"the environment variable {settings.key_variable}, which is to hold the endpoint's key, is not set.",
                remedy=f"Set it: export {settings.key_variable}=…",
            )
        if not (self._key.isascii() and self._key.isprintable()):
            raise ConfigError(
                f"what the environment variable {settings.key_variable} holds is no key: it has characters that no "
                "key has.",
                remedy="Set it again, without line breaks.",
            )

    def ask(self, conversations: Sequence[list[dict[str, str]]], parameters: Sequence[dict[str, Any]]) -> list[Output]:
        """The answer to each conversation, in order; ``finished`` is false where the server cut it.

        Args:
            conversations: messages with ``role`` and ``content``.
            parameters: sent with each, such as ``temperature``.

        Raises:
            ModelError: the endpoint does not answer, refuses, or is none.
        """
        try:
            import httpx
        except ImportError as error:
            raise _missing(error) from error
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        with (
            httpx.Client(headers=headers, timeout=self._settings.timeout) as client,
            ThreadPoolExecutor(self._settings.workers) as pool,
        ):
            waiting = [
                pool.submit(self._ask, client, {"model": self._model, "messages": messages, **more})
                for messages, more in zip(conversations, parameters, strict=True)
            ]
            try:
                return [answer.result() for answer in waiting]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _ask(self, client: httpx.Client, body: dict[str, Any]) -> Output:
        import httpx

        try:
            from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential
        except ImportError as error:
            raise _missing(error) from error
        attempts = Retrying(
            stop=stop_after_attempt(self._settings.attempts),
            wait=wait_exponential(self._settings.wait, max=LONGEST_WAIT),
            retry=retry_if_exception(_passing),
            reraise=True,
        )
        try:
            response = attempts(lambda: client.post(self._url, json=body).raise_for_status())
        except httpx.HTTPStatusError as error:
            raise self._refused(error.response) from error
        except httpx.HTTPError as error:
            raise ModelError(
                f"the endpoint {self._url} does not answer ({type(error).__name__}).",
                remedy="Check that it runs, translate.endpoint.base_url and the network. It was tried "
                f"{self._settings.attempts} times for {self._settings.timeout:g} s. What is translated is kept.",
            ) from error
        return self._content(response)

    def _content(self, response: httpx.Response) -> Output:
        try:
            choice = response.json()["choices"][0]
            content = choice["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise ModelError(
                f"{self._url} does not answer as an OpenAI-compatible endpoint: {self._shown(response)!r}",
                remedy="Check translate.endpoint.base_url; it usually ends in /v1.",
            ) from error
        # None where a filter of the provider's refuses: no translation, and the stage says so.
        text = content if isinstance(content, str) else ""
        return Output(text, choice.get("finish_reason", "stop") != "length")

    def _refused(self, response: httpx.Response) -> ModelError:
        remedies = {
            401: "Check the key in the variable that translate.endpoint.key_variable names.",
            403: "Check the key in the variable that translate.endpoint.key_variable names.",
            404: f"Check translate.endpoint.base_url and that the model {self._model!r} is there.",
        }
        remedy = remedies.get(response.status_code, "Check translate.model and translate.endpoint.parameters.")
        return ModelError(f"{self._url} refuses ({response.status_code}): {self._shown(response)!r}", remedy=remedy)

    def _shown(self, response: httpx.Response) -> str:
        """The beginning of a server's message, without the key should it be repeated there."""
        return (response.text.replace(self._key, "…") if self._key else response.text)[:_SHOWN]


class EndpointEngine:
    """Translates by asking a chat model. Whether it says the same twice is up to the server; the cache keeps the first."""

    name = NAME
    protection: Protection = "inject"

    def __init__(self, settings: TranslateSettings) -> None:
        """Keep the settings; nothing is sent yet.

        Raises:
            ConfigError: no endpoint or model is named, or the key is not in the environment.
        """
        if settings.endpoint is None or settings.model is None:
            raise ConfigError(
                f"the engine {NAME} needs translate.endpoint.base_url and translate.model.",
                remedy="For a server on this machine: --set translate.endpoint.base_url=http://localhost:8000/v1 "
                "--set translate.model=NAME",
            )
        self._parameters = {**PARAMETERS, **settings.endpoint.parameters}
        self._client = ChatClient(settings.model, settings.endpoint)
        host = urlsplit(settings.endpoint.base_url).netloc
        settled = digest([settings.endpoint.base_url, SYSTEM, USER, self._parameters, TEMPERATURE])
        self.fingerprint = f"{NAME}-{host}-{settings.model}-{settled}"

    def translate(self, sources: Sequence[str]) -> list[Output]:
        """See :class:`pipeline.translation.engine.TranslationEngine`."""
        return [outputs[0] for outputs in self.candidates(sources, 1)]

    def candidates(self, sources: Sequence[str], count: int) -> list[list[Output]]:
        """See :class:`pipeline.translation.engine.CandidateEngine`: the first as configured, the others drawn."""
        texts = {i: text for i, source in enumerate(sources) if (text := " ".join(source.split()))}
        asked = list(product(texts, range(count)))
        conversations = [_conversation(texts[i]) for i, _ in asked]
        parameters = [self._of_candidate(number) for _, number in asked]
        found: list[dict[str, Output]] = [{} for _ in sources]
        for (i, _), answer in zip(asked, self._client.ask(conversations, parameters), strict=True):
            text = " ".join(answer.text.split())
            found[i].setdefault(text, Output(text, answer.finished))
        return [list(outputs.values()) or [Output("", finished=True)] for outputs in found]

    def _of_candidate(self, number: int) -> dict[str, Any]:
        drawn = {"temperature": TEMPERATURE, "seed": number}
        return {**self._parameters, **(drawn if number else {})}


def _conversation(source: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": USER.replace("{source}", source)}]


def _passing(error: BaseException) -> bool:
    """Whether a failure may pass by itself."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in RETRIED
    return isinstance(error, httpx.TransportError)


def _missing(error: ImportError) -> ModelError:
    return ModelError(
        f"an endpoint needs the package {error.name!r}, which cannot be imported.",
        remedy="Install it with: pip install 'kyojitsu[endpoint]'",
    )
