"""A machine without the configuration that has no name, whose service a person has masked, and whose
other account's only groups of its unit can read."""

from installation import existing


def go(story):
    world, machine, second = story.world, story.machine, story.second
    addition = f"/etc/systemd/system/{second.unit}.service.d"
    machine.write(f"{addition}/groups.conf", "[Service]\nSupplementaryGroups=readers\n")
    machine.must("sh", "-ec", f"""
        systemctl stop {world.main.unit}
        systemctl mask {world.main.unit}
        mv {world.main.configuration} /tmp/kept.json5
        groupadd readers
        chgrp readers {second.configuration}
        chmod 0640 {second.configuration}
        systemctl daemon-reload
        systemctl restart {second.unit}""")  # fmt: skip
    before = world.show("MainPID", second)
    status, said = story.apt("install", "--reinstall", story.file())
    story.step("upgrade with a named account alone", "exit status 0", status)
    now = world.show("MainPID", second)
    story.step("its service, with the groups of its unit", "active (running), another process",
               f"{world.state(second)}, {said if now == before else 'another process'}")  # fmt: skip
    story.step("the configuration without a name", "none",
               existing(world, world.main.configuration))  # fmt: skip
    story.step("the masked service", "masked", story.enabled(world.main.unit))
    machine.must("sh", "-ec", f"""
        systemctl unmask {world.main.unit}
        rm -r {addition}
        chmod 0644 {second.configuration}
        mv /tmp/kept.json5 {world.main.configuration}
        systemctl daemon-reload
        systemctl restart {world.main.unit} {second.unit}""")  # fmt: skip
    story.trading_again()
