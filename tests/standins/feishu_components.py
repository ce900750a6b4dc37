"""The vocabulary of Feishu 2.0 cards: each component with its properties (protocol sections 3.2 and 3.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from standins.shapes import (
    Check,
    filled,
    flag,
    many,
    mapping,
    matching,
    one_of,
    pixels,
    record,
    string,
    true,
    whole,
    words,
)

TEMPLATES = "blue wathet turquoise green yellow orange red carmine violet purple indigo grey default"
TAG_COLOURS = "neutral blue turquoise lime orange violet indigo wathet green yellow red purple carmine"
FAMILIES = "|".join(sorted({*TEMPLATES.split(), *TAG_COLOURS.split(), "white"}))
COLOUR = matching(rf"({FAMILIES})(-\d{{2,3}})?|rgba\([\d., ]+\)", "a colour name or rgba(..)")
SIZES = "xxxx-large xxx-large xx-large x-large large medium small x-small normal notation"
BUTTONS = "default primary danger text primary_text danger_text primary_filled danger_filled laser"
HEADINGS = "heading heading-0 heading-1 heading-2 heading-3 heading-4"
TEXT_SIZE = words(f"{SIZES} {HEADINGS}")
ALIGN = words("left center right")
VERTICAL_ALIGN = words("top center bottom")
DIRECTION = words("vertical horizontal")
GAP = pixels(0, 99, "small", "medium", "large", "extra_large")
PADDING = pixels(0, 99, counts=(1, 2, 4))
WIDTH = pixels(100, 9999, "default", "fill")

PLAIN_TEXT = record({"content": string}, i18n_content=mapping)
LARK_MD = PLAIN_TEXT
PLAIN = one_of("tag", {"plain_text": PLAIN_TEXT})
TITLE = one_of("tag", {"plain_text": PLAIN_TEXT, "lark_md": LARK_MD})
STYLED: dict[str, Check] = {
    "text_size": TEXT_SIZE,
    "text_align": ALIGN,
    "lines": whole(1, 999),
    "i18n_content": mapping,
}
PARAGRAPH = one_of(
    "tag",
    {
        "plain_text": record({"content": string}, text_color=COLOUR, **STYLED),
        "lark_md": record({"content": string}, **STYLED),
    },
)
ICON = one_of(
    "tag",
    {"standard_icon": record({"token": filled}, color=COLOUR), "custom_icon": record({"img_key": filled})},
)
LABEL = one_of("tag", {"text_tag": record({"text": PLAIN}, color=words(TAG_COLOURS), element_id=string)})
CONFIRM = record({"title": PLAIN}, text=PLAIN)
BEHAVIOURS = many(
    one_of(
        "type",
        {
            "callback": record({"value": mapping}),
            "open_url": record({"default_url": filled}, pc_url=string, ios_url=string, android_url=string),
        },
    ),
)


def chart_spec(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        yield f"{path}: a chart is an object with a type"


COMPONENTS: dict[str, Check] = {}
ELEMENTS = many(one_of("tag", COMPONENTS))


def component(need: Mapping[str, Check], /, **may: Check) -> Check:
    element_id = matching(r"[A-Za-z][A-Za-z0-9_]{0,19}", "a letter followed by at most 19 letters, digits or _")
    return record(need, margin=pixels(-99, 99, counts=(1, 2, 4)), element_id=element_id, **may)


COLUMN = component(
    {"elements": ELEMENTS},
    width=pixels(16, 600, "auto", "weighted"),
    weight=whole(1, 5),
    vertical_align=VERTICAL_ALIGN,
    direction=DIRECTION,
    padding=PADDING,
)
ASKED: dict[str, Check] = {"name": string, "required": flag, "width": WIDTH, "behaviors": BEHAVIOURS}
CHOSEN: dict[str, Check] = {**ASKED, "placeholder": PLAIN, "type": words("default text"), "disabled": flag}
OPTIONS: dict[str, Check] = {"options": many(record({"text": PLAIN, "value": string}, icon=ICON))}
PEOPLE: dict[str, Check] = {"options": many(record({"value": matching(r"ou_\w+", "an open_id")}))}
INITIAL: dict[str, Check] = {"initial_option": string, "initial_index": whole(0, 200)}
TABLE_COLUMN = record(
    {"name": filled},
    display_name=string,
    data_type=words("text lark_md options number persons date markdown"),
    width=matching(r"auto|\d{1,3}%|([89]\d|[1-5]\d\d|600)px", "auto, 80px to 600px or a percentage"),
    format=record({}, symbol=string, precision=whole(0, 10), separator=flag),
    date_format=string,
)
COMPONENTS |= {
    "markdown": component({"content": string}, text_size=TEXT_SIZE, text_align=ALIGN, icon=ICON),
    "div": component(
        {},
        text=PARAGRAPH,
        fields=many(record({"is_short": flag, "text": PARAGRAPH})),
        icon=ICON,
        width=pixels(16, 999, "fill", "auto"),
    ),
    "hr": component({}),
    "img": component(
        {"img_key": filled, "alt": PLAIN},
        scale_type=words("crop_center crop_top fit_horizontal"),
        size=string,
        preview=flag,
        corner_radius=string,
    ),
    "column_set": component(
        {"columns": many(one_of("tag", {"column": COLUMN}), least=1)},
        flex_mode=words("none stretch flow bisect trisect"),
        horizontal_spacing=GAP,
        background_style=COLOUR,
    ),
    "button": component(
        {"text": PLAIN},
        type=words(BUTTONS),
        size=words("tiny small medium large"),
        width=WIDTH,
        icon=ICON,
        disabled=flag,
        disabled_tips=PLAIN,
        hover_tips=PLAIN,
        confirm=CONFIRM,
        behaviors=BEHAVIOURS,
        name=string,
        form_action_type=words("submit reset"),
    ),
    "form": component(
        {"name": filled, "elements": ELEMENTS}, direction=DIRECTION, vertical_spacing=GAP, horizontal_spacing=GAP
    ),
    "input": component(
        {},
        **ASKED,
        label=PLAIN,
        label_position=words("top left"),
        placeholder=PLAIN,
        default_value=string,
        input_type=words("text multiline_text password"),
        rows=whole(1, 1000),
        auto_resize=flag,
        max_rows=whole(1, 1000),
        max_length=whole(1, 1000),
        disabled=flag,
    ),
    "select_static": component(OPTIONS, **CHOSEN, **INITIAL),
    "multi_select_static": component(OPTIONS, **CHOSEN, selected_values=many(string)),
    "select_person": component(PEOPLE, **CHOSEN, **INITIAL),
    "multi_select_person": component(PEOPLE, **CHOSEN, selected_values=many(string)),
    "date_picker": component({}, **ASKED, placeholder=PLAIN, initial_date=matching(r"\d{4}-\d\d-\d\d", "yyyy-MM-dd")),
    "picker_time": component({}, **ASKED, placeholder=PLAIN, initial_time=matching(r"\d\d:\d\d", "HH:mm")),
    "picker_datetime": component(
        {},
        **ASKED,
        placeholder=PLAIN,
        initial_datetime=matching(r"\d{4}-\d\d-\d\d \d\d:\d\d", "yyyy-MM-dd HH:mm"),
    ),
    "overflow": component(
        {"options": many(record({"text": PLAIN, "value": string}, multi_url=mapping))},
        value=mapping,
        behaviors=BEHAVIOURS,
        confirm=CONFIRM,
    ),
    "checker": component({}, checked=flag, text=TITLE, behaviors=BEHAVIOURS, name=string),
    "interactive_container": component({"elements": ELEMENTS, "behaviors": BEHAVIOURS}),
    "collapsible_panel": component(
        {
            "header": record(
                {"title": one_of("tag", {"plain_text": PLAIN_TEXT, "markdown": PLAIN_TEXT})},
                padding=pixels(0, 99, counts=(1, 4)),
                icon=ICON,
                icon_position=string,
                icon_expanded_angle=whole(-180, 180),
            ),
            "elements": ELEMENTS,
        },
        expanded=flag,
        border=mapping,
        background_color=COLOUR,
    ),
    "chart": component(
        {"chart_spec": chart_spec},
        aspect_ratio=words("1:1 2:1 4:3 16:9"),
        color_theme=words("brand rainbow complementary converse primary"),
        preview=flag,
        height=pixels(1, 999, "auto"),
    ),
    "table": component(
        {"columns": many(TABLE_COLUMN, least=1, most=50), "rows": many(mapping)},
        page_size=whole(1, 10),
        row_height=words("low middle high auto"),
        freeze_first_column=flag,
        header_style=record({}, background_style=COLOUR, bold=flag),
    ),
}
CARD = record(
    {
        "schema": words("2.0"),
        "body": record(
            {"elements": ELEMENTS},
            direction=DIRECTION,
            padding=PADDING,
            vertical_spacing=GAP,
            horizontal_spacing=GAP,
            vertical_align=VERTICAL_ALIGN,
            horizontal_align=ALIGN,
        ),
    },
    config=record(
        {},
        update_multi=true,
        enable_forward=flag,
        enable_forward_interaction=flag,
        width_mode=words("compact fill default"),
        summary=record({"content": string}, i18n_content=mapping),
        locales=many(string),
        style=record({}, text_size=mapping, color=mapping),
        streaming_mode=flag,
        streaming_config=mapping,
        use_custom_translation=flag,
    ),
    card_link=record({}, url=string, pc_url=string, ios_url=string, android_url=string),
    header=record(
        {"title": TITLE},
        subtitle=TITLE,
        template=words(TEMPLATES),
        text_tag_list=many(LABEL, most=3),
        icon=ICON,
        padding=PADDING,
    ),
)
