"""The part of scripts/check-package that is shut in. Arguments: the folder of the scripts, that of
the programs, and that of the run, in which the packages lie."""

import sys

import inside
import packaging


def main(scripts, binaries, folder):
    def tell(world, second):
        packaging.go(world, second, scripts, binaries, folder)

    return inside.go(scripts, binaries, folder, "check-package", tell)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
