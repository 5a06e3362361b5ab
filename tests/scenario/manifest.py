# Reads paths on stdin, prints what stands at each: type, mode, owner, content. An oracle: none of the product's code is in it.
import hashlib, os, stat, sys

for path in sys.stdin.read().split("\0"):
    if not path:
        continue
    try:
        st = os.lstat(path)
        what = ""
        if stat.S_ISLNK(st.st_mode):
            what = os.readlink(path)
        elif stat.S_ISREG(st.st_mode):
            with open(path, "rb") as f:
                what = hashlib.sha256(f.read()).hexdigest()
        print(path, stat.filemode(st.st_mode), st.st_uid, st.st_gid, what)
    except FileNotFoundError:
        print(path, "absent")
    except OSError as e:
        print(path, "unreadable", e.errno)
