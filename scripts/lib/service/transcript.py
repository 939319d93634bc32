"""What was done, what was expected and what was seen: a line a step."""


class Transcript:
    WIDTHS = (52, 35)

    def __init__(self):
        self.lines = []
        self.differences = 0
        self.line("STEP", "EXPECTED", "SEEN")

    def line(self, title, expected, seen):
        columns = (title.ljust(self.WIDTHS[0]), expected.ljust(self.WIDTHS[1]), seen)
        self.lines.append("  ".join(columns).rstrip())
        print(self.lines[-1], flush=True)

    def step(self, title, expected, seen):
        """Notes a step. Nothing that varies from run to run may stand in it."""
        self.line(title, expected, seen)
        if seen == expected:
            return True
        self.differences += 1
        print("^^^ NOT AS EXPECTED", flush=True)
        return False

    @property
    def text(self):
        return "".join(line + "\n" for line in self.lines)
