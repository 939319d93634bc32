enum SimulatedExchangePlaceholder {}
