"""The secrets: one per distinct name in exports.toml, made without a value, and the keys that AWS draws for us."""

import json

from aws_cdk import CfnDeletionPolicy, CfnResource
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.checks import allow
from infra.settings import Settings
from lambdas.core.exports import Export, Exports, pseudonym_secret
from lambdas.vendors import FACTS


class Vault(Construct):
    """`vendors` are the ARNs of the vendors' keys, `capability` that of the callback's, `pseudonym` of numbers' key."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings, exports: Exports) -> None:
        super().__init__(scope, name)
        self._keep, self._key = settings.keep, settings.kms_key
        wanted = notes(exports)
        made = [self._empty(secret, note) for secret, note in wanted.items()]
        given = sorted({export.secret_arn for export in exports.exports if export.secret_arn})
        self.names = list(wanted)
        self.vendors = [*made, *given]
        self.capability = self._drawn(
            "Capability",
            "From which the last part of every callback's path is derived",
            "Callbacks of reports under way are derived from it; a new one would refuse them.",
        )
        self.pseudonym = self._pseudonym(settings.stage) if exports.pseudonyms else None

    def _empty(self, name: str, note: str) -> str:
        """No value and no generated one: a change to a generated value would replace the operator's keys.

        Its identity in the stack is its name, so that an export moved within the file moves no secret.
        """
        secret = secretsmanager.CfnSecret(
            self, name.replace("/", "-"), name=name, description=note, kms_key_id=self._key
        )
        self._retain(secret)
        allow(secret, "SMG4", "The vendor gives the key; nothing here could rotate it.")
        return secret.ref

    def _pseudonym(self, stage: str) -> str:
        """Under a name that stays when the stack goes, so that the same numbers get the same pseudonyms again."""
        return self._drawn(
            "Pseudonym",
            "The key of the pseudonyms of phone numbers: with another one, joins with older copies break",
            "A new key would give every number another pseudonym, and break joins with what is copied.",
            name=pseudonym_secret(stage),
        )

    def _drawn(self, id: str, description: str, reason: str, name: str | None = None) -> str:
        """A secret that AWS draws once: whatever changes in `generate_secret_string` would draw it anew."""
        secret = secretsmanager.CfnSecret(
            self,
            id,
            name=name,
            description=description,
            kms_key_id=self._key,  # another one does not draw it anew
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                password_length=48, exclude_punctuation=True
            ),
        )
        self._retain(secret)
        allow(secret, "SMG4", reason)
        return secret.ref

    def _retain(self, resource: CfnResource) -> None:
        policy = CfnDeletionPolicy.RETAIN if self._keep else CfnDeletionPolicy.DELETE
        resource.cfn_options.deletion_policy = policy
        resource.cfn_options.update_replace_policy = policy


def notes(exports: Exports) -> dict[str, str]:
    """For each distinct secret by name, what the operator is to put in."""
    found: dict[str, str] = {}
    for export in sorted(exports.exports, key=lambda export: export.name):
        if export.secret and not export.secret_arn:
            found.setdefault(export.secret, _note(export))
    return dict(sorted(found.items()))


def _note(export: Export) -> str:
    form = json.dumps(dict.fromkeys(FACTS[export.vendor].secret[export.api], "..."))
    return f"Key for {export.vendor} ({export.api}), filled in by hand. JSON: {form}"
