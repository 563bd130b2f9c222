#if SharedEngines
    import Testing
    @testable import SharedStorage

    @Suite struct EngineThreadsTests {}
#endif
