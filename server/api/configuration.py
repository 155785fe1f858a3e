"""The objects of the configuration: for administrators. One router a kind, all made the same way.

An object is always given as a whole; its key is in the address, and may be left out of the body.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ValidationError

from server.api.deps import Address, Administrator, ServicesDep
from server.contract.configuration import ConfigObject
from server.contract.kinds import KINDS, Kind
from server.services.errors import invalid

Key = Annotated[str, Path(min_length=1, max_length=63, description="Name or number of the object.")]


def _router(kind: Kind) -> APIRouter:
    router = APIRouter(prefix=f"/{kind.path}", tags=["configuration"])
    name = kind.word.replace("-", "_")
    if kind.single:
        _add_single(router, kind, name)
    else:
        _add_many(router, kind, name)
    return router


def _add_many(router: APIRouter, kind: Kind, name: str) -> None:
    model: Any = kind.model

    @router.get(
        "",
        response_model=list[model],
        operation_id=f"list_{name}",
        summary=f"List {kind.title}",
        description=f"Every {kind.title}, in order.",
    )
    async def list_objects(_: Administrator, services: ServicesDep) -> Any:
        return services.configuration.list(kind.model)

    @router.get(
        "/{name}",
        response_model=model,
        operation_id=f"get_{name}",
        summary=f"Show {kind.title}",
        description=f"One {kind.title}.",
    )
    async def get_object(name: Key, _: Administrator, services: ServicesDep) -> Any:
        return services.configuration.get(kind.model, name)

    async def put_object(
        name: Key, item: ConfigObject, who: Administrator, services: ServicesDep, address: Address
    ) -> Any:
        return await services.configuration.put(with_key(item, name), by=who.user, address=address)

    put_object.__annotations__["item"] = model  # FastAPI reads the body by it, and describes it
    router.put(
        "/{name}",
        response_model=model,
        operation_id=f"put_{name}",
        summary=f"Set {kind.title}",
        description=f"Add a {kind.title}, or replace it as a whole. What it refers to must exist.",
    )(put_object)

    @router.delete(
        "/{name}",
        status_code=204,
        operation_id=f"remove_{name}",
        summary=f"Remove {kind.title}",
        description=f"Remove a {kind.title}. A conflict while something else refers to it.",
    )
    async def remove_object(name: Key, who: Administrator, services: ServicesDep, address: Address) -> None:
        await services.configuration.remove(kind.model, name, by=who.user, address=address)


def _add_single(router: APIRouter, kind: Kind, name: str) -> None:
    model: Any = kind.model
    key = kind.model().key

    @router.get(
        "",
        response_model=model,
        operation_id=f"get_{name}",
        summary=f"Show {kind.title}",
        description=f"The {kind.title}.",
    )
    async def get_object(_: Administrator, services: ServicesDep) -> Any:
        return services.configuration.get(kind.model, key)

    async def put_object(
        item: ConfigObject, who: Administrator, services: ServicesDep, address: Address
    ) -> Any:
        return await services.configuration.put(with_key(item, key), by=who.user, address=address)

    put_object.__annotations__["item"] = model
    router.put(
        "",
        response_model=model,
        operation_id=f"put_{name}",
        summary=f"Set {kind.title}",
        description=f"Replace the {kind.title} as a whole; what is left out gets its default value.",
    )(put_object)


def with_key(item: ConfigObject, key: str) -> ConfigObject:
    """The object under the key of its address.

    Raises:
        ServiceError: `INVALID`: it has another one, or this one cannot be a key.
    """
    given = {name: getattr(item, name) for name in item.model_fields_set}
    if given.setdefault(item.key_field, key) != key:
        raise invalid(item.key_field, f"is {item.key} in the body, but {key} in the address")
    try:
        return type(item).model_validate(given)
    except ValidationError as error:  # of the key: the rest was checked when the body was read
        raise invalid(item.key_field, f"{key!r} cannot be one: {error.errors()[0]['msg']}") from None


ROUTERS = tuple(_router(kind) for kind in KINDS)
"""One for each kind, in their order."""
