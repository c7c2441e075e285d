"""The secrets: one per distinct name in exports.toml, made without a value, and the keys that AWS draws for us."""

import json
import re
from urllib.parse import quote

from aws_cdk import Aws, CfnDeletionPolicy, CfnResource
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.checks import allow
from infra.settings import Settings
from lambdas.core.exports import Export, Exports, pseudonym_secret
from lambdas.vendors import FACTS

MOST = 80  # secrets that get two outputs each
CONSOLES = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


class Vault(Construct):
    """`vendors` are the ARNs of the vendors' keys, `capability` that of the callback's, `pseudonym` of numbers' key."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings, exports: Exports) -> None:
        super().__init__(scope, name)
        self._keep, self._key = settings.keep, settings.kms_key
        wanted = notes(exports)
        made = [self._empty(secret, note) for secret, note in wanted.items()]
        given = sorted({export.secret_arn for export in exports.exports if export.secret_arn})
        self.names = list(wanted)
        self.fill = filling(exports, settings.region)
        self.vendors = [*made, *given]
        self.capability = self._drawn(
            "Capability",
            "From which the last part of every callback's path is derived",
            "Callbacks of reports under way are derived from it; a new one would refuse them.",
        )
        self.pseudonym = self._pseudonym(settings) if exports.pseudonyms else None

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

    def _pseudonym(self, settings: Settings) -> str:
        """Under a name that stays when the stack goes, so that the same numbers get the same pseudonyms again.

        A later stack cannot make it once more, and is told where it is.
        """
        return settings.pseudonym_arn or self._drawn(
            "Pseudonym",
            "The key of the pseudonyms of phone numbers: with another one, joins with older copies break",
            "A new key would give every number another pseudonym, and break joins with what is copied.",
            name=pseudonym_secret(settings.stage),
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
    return {
        secret: f"Key for {export.vendor} ({export.api}), filled in by hand. JSON: {_form(export)}"
        for secret, export in _first(exports).items()
    }


def filling(exports: Exports, region: str | None) -> dict[str, str]:
    """An output for each secret with the line that fills it in, and one with its place in the console.

    The number keeps `a-1` and `a1` apart, and `N` itself from a name that begins with one; CloudFormation takes 200
    outputs, so of very many secrets the last have none.
    """
    told, here = dict[str, str](), region or Aws.REGION
    for number, (secret, export) in enumerate(list(_first(exports).items())[:MOST], 1):
        name = "".join(part.title() for part in re.split("[^A-Za-z0-9]+", secret.rpartition("/")[2]))
        name = f"N{name}" if name[:1].isdigit() else name
        line = f"aws secretsmanager put-secret-value --region {here} --secret-id {secret} --secret-string"
        told[f"Key{number}{name}"] = f"{line} '{_form(export)}'"
        at = f"https://{here}.{_console(region)}/secretsmanager/secret"
        told[f"Key{number}{name}Console"] = f"{at}?name={quote(secret, safe='')}&region={here}"
    return told


def _first(exports: Exports) -> dict[str, Export]:
    """Each secret that is made here, by name, with the first of the exports that use it."""
    found: dict[str, Export] = {}
    for export in sorted(exports.exports, key=lambda export: export.name):
        if export.secret and not export.secret_arn:
            found.setdefault(export.secret, export)
    return dict(sorted(found.items()))


def _form(export: Export) -> str:
    return json.dumps(dict.fromkeys(FACTS[export.vendor].secret[export.api], "..."))


def _console(region: str | None) -> str:
    """The console's host in the region's part of the world."""
    return next(
        (host for start, host in CONSOLES.items() if (region or "").startswith(start)), "console.aws.amazon.com"
    )
