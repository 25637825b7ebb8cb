"""The command table: what may be typed after ``main.py``, what it needs, and which function does it.

A command is data. Its ``entry`` ("module:function", called with the remaining arguments, returning the exit code) is imported only
when the environment stands and only for that command, so ``--help`` and a broken room never wait for each other.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """One row: ``lock`` is the requirement lock it needs ("run" or "dev"), ``debian`` the groups of deploy/debian-packages.txt."""

    name: str
    vi: str
    en: str
    entry: str
    usage: str = ""
    lock: str = "run"
    debian: tuple[str, ...] = ("run",)


COMMANDS: tuple[Command, ...] = (
    Command(
        "demo",
        "Chạy thử cả hành trình trên máy này, với đầu đọc thẻ, máy in và máy chủ tỉnh mô phỏng",
        "run the main job on this machine with stand-in devices and an embedded province",
        "kiosk.demo:demo_command",
        usage="[--headless] [--out DIR]",
        debian=("run", "demo"),
    ),
    Command(
        "test",
        "Chạy toàn bộ kiểm thử (CI cũng chạy đúng lệnh này)",
        "run the whole test suite, as CI does; arguments go to pytest",
        "door.suite:test_command",
        usage="[pytest arguments]",
        lock="dev",
        debian=("run", "demo", "test"),
    ),
    Command(
        "kiosk",
        "Mở ứng dụng màn hình chạm với thiết bị thật",
        "the touch app with the configured devices",
        "kiosk.cli:kiosk_command",
        usage="[--config FILE] [--state DIR] [--set SECTION.KEY=VALUE]",
    ),
    Command(
        "sync",
        "Tiến trình đồng bộ với tỉnh",
        "the sync worker",
        "kiosk.sync_cli:sync_command",
        usage="[--once] | status|watch|export|import|courier|files|enrol|keys [--json]",
    ),
    Command(
        "province",
        "Chạy máy chủ một cửa mẫu của tỉnh",
        "serve the provincial reference",
        "province.cli:province_command",
        usage="[--database URL] [--port N]",
    ),
    Command(
        "device",
        "Công cụ cho kỹ thuật viên: liệt kê, kiểm tra thiết bị, đọc thẻ, cài chứng thư gốc, in phiếu thử",
        "technician's tools: list, test, watch, read a card, install card certificates, print a slip",
        "kiosk.devices_cli:device_command",
        usage="list|test|watch|card|trust|slip [--json]",
    ),
    Command(
        "store",
        "Kiểm tra, dựng lại, sao lưu, khôi phục kho hồ sơ",
        "check, rebuild, back up or restore the store",
        "kiosk.store_cli:store_command",
        usage="check|rebuild|backup|restore|papers|register",
    ),
    Command(
        "forms",
        "Soạn, kiểm tra thủ tục và biểu mẫu; hỏi hạn trả, lệ phí, mã",
        "write and check procedures; ask the rules",
        "kiosk.forms_cli:forms_command",
        usage="check|new|preview|diff|pack|deadline|fee|code|name|calendar|prove",
    ),
    Command(
        "gallery",
        "Vẽ mọi màn hình ra tệp ảnh",
        "draw every screen to pictures",
        "kiosk.touch.gallery:gallery_command",
        usage="[--out DIR]",
    ),
    Command(
        "bench",
        "Đo tốc độ, mỗi phép đo cạnh một mốc so sánh",
        "benchmarks, each against its peer in one run",
        "kiosk.bench:bench_command",
        usage="card|filing|forms|ingest|journal|start|touch|sync|upload|peers|dictionary",
        debian=("run", "demo"),
    ),
    Command(
        "chaos",
        "Gây sự cố thật (giết tiến trình, cắt điện, đầy đĩa, sai giờ, mạng xấu, USB hỏng), kiểm tra không mất, không trùng hồ sơ",
        "faults on real processes (kills, power cuts, disks, clocks, lines, sticks): nothing may be lost or doubled",
        "kiosk.chaos:chaos_command",
        usage="kill|power|disk|clock|line|stick|soak [--json] | --all [--quick]",
        lock="dev",
        debian=("run", "demo"),
    ),
    Command(
        "simulate",
        "Mô phỏng đồng bộ qua hàng nghìn kịch bản sự cố, phát lại được từ hạt giống; tìm lỗi cài sẵn",
        "seeded schedules of faults over the real protocol core; planted bugs; fuzz",
        "kiosk.simulate:simulate_command",
        usage="[--seeds N] [--bug NAME] [--mix] [--sqlite] [--release] | fuzz",
    ),
    Command(
        "setup",
        "Chuẩn bị máy: gói Debian, môi trường Python, thư viện (các lệnh khác tự gọi khi cần)",
        "prepare this machine; every other command does it by itself when needed",
        "door.entrance:setup_done",
        usage="[--dev] [--again]",
    ),
)
