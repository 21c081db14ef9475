"""All adapters seen as one clinic system, and the care that a person takes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from vdx_plugin.errors import Misconfigured, NotFound, Refused, VdxError
from vdx_plugin.host.guard import Guard
from vdx_plugin.host.kept import Kept
from vdx_plugin.host.life import Life, secret_name
from vdx_plugin.host.loading import Found, load, make, reason_of
from vdx_plugin.host.report import report_of
from vdx_plugin.host.running import Running
from vdx_plugin.ports import AdapterStatus, Health, HealthState


class AdapterHost(Life):
    """``ports.ClinicSystems`` over every installed adapter; ``hooks`` is its ``ports.PlugIns``."""

    def statuses(self) -> list[AdapterStatus]:
        """Return how every adapter fares, those that count most first; two that took one name both stand here."""
        hidden = {one.hidden: one.shown for one in self._hall.desktop.conflicts()} if self._hall else {}
        statuses = [self._status(running, hidden.get(running.name, "")) for running in self._state.running.values()]
        others = [replace(other, settings=self._shown_values(other)) for other in self._state.other]
        return sorted((*statuses, *others), key=lambda status: self._keeping.now.rank(status.name))

    def _status(self, running: Running, shown: str) -> AdapterStatus:
        facts: dict[str, object] = {"settings": running.found.manifest.filled(self._values(running.name))}
        if shown and not running.guard.paused:
            facts |= {"reason": "adapter.conflict", "facts": {"name": shown, "other": running.name}}
        return running.status(facts)

    def _shown_values(self, status: AdapterStatus) -> Mapping[str, str]:
        return status.manifest.filled(self._values(status.name)) if status.manifest else {}

    async def disable(self, name: str) -> None:
        """Stop one adapter and keep it stopped, after the next start too. Raises Unavailable(``store.write``)."""
        await self._keep(self._keeping.now.switch(name, on=False))
        running = self._state.running.pop(name, None)
        if running is not None:
            await self._bring_down(running)
        known = next((status for status in self._state.other if status.name == name), None)
        if running is not None or known is not None:
            manifest = running.found.manifest if running else known.manifest if known else None
            self._set_aside(AdapterStatus(name, "disabled", manifest=manifest))

    async def enable(self, name: str) -> None:
        """Start an adapter that is disabled, paused or failed; its faults are forgotten. Unknown names do nothing."""
        if name in self._disabled:
            await self._keep(self._keeping.now.switch(name, on=True))
        running = self._state.running.pop(name, None)
        if running is not None:
            await self._bring_down(running)
        if name not in self._state.found:
            await self._look_again(name)
        found = self._state.found.get(name)
        if found is not None and self._hall is not None:
            self._state.other = [status for status in self._state.other if status.name != name]
            await self._bring_up(found)

    async def prefer(self, name: str, *, up: bool) -> None:
        """Let an adapter count one place more, or less. Raises Unavailable(``store.write``)."""
        order = list(dict.fromkeys(status.name for status in self.statuses()))
        if name not in order:
            return
        place = order.index(name)
        other = max(0, min(len(order) - 1, place + (-1 if up else 1)))
        order[place], order[other] = order[other], order[place]
        await self._keep(replace(self._keeping.now, order=tuple(order)))
        if self._hall is not None:
            before = self._hall.desktop.shown
            if self._hall.desktop.settle():
                self._hall.show(before)
            self._hall.tell_conflicts()

    async def configure(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        """Keep an adapter's settings, its secrets in the keyring, and start it anew if it was on.

        Raises Refused(``settings.value``) with the field at fault, Misconfigured(``settings.keyring``),
        Unavailable(``store.write``).
        """
        manifest = self._known(name).manifest
        self._refuse_faults(manifest.faults(values, await self._secrets_known(name, secrets)))
        if secrets and self._keep_secret is None:
            raise Misconfigured("settings.keyring", setting=name)
        for key in manifest.secret_names():
            if secrets.get(key) and self._keep_secret is not None:
                await asyncio.to_thread(self._keep_secret, secret_name(name, key), secrets[key])
        plain = {key: value for key, value in values.items() if key not in manifest.secret_names()}
        await self._keep(self._keeping.now.configure(name, plain))
        if name not in self._disabled:
            await self.enable(name)

    async def try_settings(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> Health:
        """Say whether these settings reach the system; nothing is kept. Raises Refused with the field at fault."""
        found = self._known(name)
        self._refuse_faults(found.manifest.faults(values, await self._secrets_known(name, secrets)))
        guard = Guard(name, lambda: None)
        try:
            setup = await asyncio.to_thread(self._setup_for, name, values, secrets)
            adapter = await asyncio.to_thread(make, found, setup, limit_s=self._import_limit_s)
            return await guard.call("try_settings", self._limits.start_s, adapter.try_settings())
        except asyncio.CancelledError:
            raise
        except VdxError as error:
            return Health(HealthState.BAD, error.code, {"name": name, **error.facts})
        except BaseException as error:  # noqa: BLE001 - adapter call: a factory may raise anything
            return Health(HealthState.BAD, reason_of(error), {"name": name})

    def _known(self, name: str) -> Found:
        found = self._state.found.get(name)
        if found is None:
            raise NotFound("adapter.not_installed", name=name)
        return found

    async def _secrets_known(self, name: str, given: Mapping[str, str]) -> set[str]:
        """Return the secrets that are given now or lie in the keyring."""
        setup = await asyncio.to_thread(self._setup_for, name, {}, given)
        return set(setup.secrets)

    @staticmethod
    def _refuse_faults(faults: Mapping[str, str]) -> None:
        for setting, code in faults.items():
            raise Refused(code, field=setting)

    async def _keep(self, kept: Kept) -> None:
        await asyncio.to_thread(self._keeping.keep, kept)

    async def examine(self) -> str:
        """Say for a command line how every adapter that is on would fare with its settings; nothing is started."""
        loaded = await asyncio.to_thread(
            load, self._all_points(), disabled=self._disabled, limit_s=self._import_limit_s
        )
        self._state.found = {found.name: found for found in loaded.found}
        statuses = list(loaded.rejected)
        for found in loaded.found:
            status = AdapterStatus(found.name, "loaded", manifest=found.manifest, version=found.version)
            if found.factory is not None:
                values = self._values(found.name)
                try:
                    status = replace(status, health=await self.try_settings(found.name, values, {}), settings=values)
                except VdxError as error:
                    # A setting at fault, or a workplace without a keyring: the others are told of all the same.
                    facts = {"name": found.name, **error.facts}
                    status = replace(status, health=Health(HealthState.BAD, error.code, facts))
            statuses.append(status)
        return report_of(sorted(statuses, key=lambda status: status.name), {}, self._clock.now())

    async def look(self) -> None:
        """Ask every adapter how it is, side by side; ``statuses`` then tells."""
        await asyncio.gather(*(self._look_at(running) for running in self._by_rank() if running.is_up))

    async def _look_at(self, running: Running) -> None:
        if running.adapter is None:
            return
        try:
            health = await running.call("health", self._limits.ask_s, running.adapter.health())
        except VdxError as error:
            health = Health(HealthState.BAD, error.code, {"name": running.name, **error.facts})
        if not isinstance(health, Health):
            running.guard.fault("adapter.invalid", "health that is none")
        elif running.health is None or running.health.state is not health.state:
            running.health = replace(health, since=health.since or self._clock.now())
        else:
            running.health = replace(health, since=health.since or running.health.since)

    async def diagnostics(self) -> str:
        """Return a text for support about every adapter, without anything about a patient."""
        await self.look()
        asked = self._by_rank()
        details = await asyncio.gather(*(self._details(running) for running in asked))
        facts = {running.name: detail for running, detail in zip(asked, details, strict=True)}
        return report_of(self.statuses(), facts, self._clock.now())

    async def _details(self, running: Running) -> Mapping[str, str]:
        if running.adapter is None or not running.is_up:
            return {}
        try:
            found = await running.call("diagnostics", self._limits.start_s, running.adapter.diagnostics())
            return {str(key): str(value) for key, value in found.items()}
        except VdxError as error:
            return {"diagnostics": error.code}
