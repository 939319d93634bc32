#if LIBFUZZER
  import FuzzTargets
  import Glibc

  /// libFuzzer keeps the arguments to itself, so that the target's name comes in the environment.
  private let judge: Judge = {
    guard let text = unsafe getenv("FUZZ_TARGET"),
      let target = FuzzTarget(rawValue: unsafe String(cString: text))
    else {
      complain(
        "FUZZ_TARGET names none of: "
          + FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))
      exit(64)
    }
    return Judge(target: target)
  }()

  /// What libFuzzer calls for every input (llvm.org/docs/LibFuzzer.html, "Fuzz Target").
  @c(LLVMFuzzerTestOneInput)
  public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    judge.run(unsafe Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
  }
#endif
