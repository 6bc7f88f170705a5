from .atomic_reference import AtomicReference as AtomicReference
from .behler_parrinello import BehlerParrinello as BehlerParrinello
from .mace import MACE as MACE
from .morse import Morse as Morse
from .soap_gpr import SOAPGPR as SOAPGPR
from .soap_kernel_ridge import SOAPKernelRidge as SOAPKernelRidge
