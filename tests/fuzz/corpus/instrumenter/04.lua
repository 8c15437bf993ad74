repeat local x = 1 until x == 1 return 'a\z
 b'