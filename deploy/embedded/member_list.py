"""An invented member list, made the same way every time: companies that do not exist, with valid identifiers."""

import csv
import io
import random

from stdnum.cn import uscc

SECTORS = (
    ("access_service", "通信有限公司", "Communications Co., Ltd."),
    ("application_service", "网络科技有限公司", "Network Technology Co., Ltd."),
    ("information_service", "信息技术有限公司", "Information Technology Co., Ltd."),
    ("product_maker", "软件股份有限公司", "Software Corp."),
    ("resource_developer", "数据服务有限公司", "Data Services Co., Ltd."),
    ("research_education_service", "互联网研究院", "Internet Research Institute"),
    ("venue_operator", "网吧连锁有限公司", "Internet Cafe Chain Co., Ltd."),
)
CITIES = (("北京", "Beijing"), ("上海", "Shanghai"), ("广州", "Guangzhou"), ("成都", "Chengdu"))
NAMES = (
    ("远", "yuan"),
    ("通", "tong"),
    ("星", "xing"),
    ("云", "yun"),
    ("嘉", "jia"),
    ("海", "hai"),
)
PEOPLE = ("张敏", "王磊", "李娜", "刘洋", "陈静", "杨帆")
DISTRICTS = ("110108", "310115", "440305", "510107")
CODE_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
COLUMNS = (
    "legal_name_zh",
    "legal_name_en",
    "identifier",
    "sectors",
    "legal_representative",
    "contact_email",
    "acceded_on",
)


def invented_identifier(draw: random.Random) -> str:
    """An 18-character unified social credit code with its check digit."""
    body = "".join(draw.choice(CODE_CHARACTERS) for _ in range(9))
    stem = f"91{draw.choice(DISTRICTS)}{body}"
    return stem + str(uscc.calc_check_digit(stem))


def invented_member_list(count: int, seed: int = 31) -> bytes:
    """A CSV file (UTF-8, header and ``count`` rows) as an association would hand it in."""
    draw = random.Random(seed)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for number in range(1, count + 1):
        sector, form_zh, form_en = draw.choice(SECTORS)
        city_zh, city_en = draw.choice(CITIES)
        first, second = draw.choice(NAMES), draw.choice(NAMES)
        writer.writerow(
            (
                f"{city_zh}{first[0]}{second[0]}{number:04}{form_zh}",
                f"{city_en} {(first[1] + second[1]).capitalize()} {number:04} {form_en}",
                invented_identifier(draw),
                sector,
                draw.choice(PEOPLE),
                f"liaison{number:04}@unit{number:04}.example",
                f"{draw.randint(2002, 2025)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
            )
        )
    return out.getvalue().encode()
