LJ compiled
